"""STABLEHLO_GATHER: slices of a given size at computed beginnings, moved so that they lie inside. Values are copied.

Axis index_vector_dim of the indices holds a beginning for each axis in start_index_map; the others become the axes of
the result that are not in offset_dims. Axes in collapsed_slice_dims leave the slices. Scales are not looked at. tflm
has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, INDICES, moved, require_room, require_type, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ()}
SPEC = Spec("STABLEHLO_GATHER", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/stablehlo_gather.cc")


@dataclass(frozen=True)
class Params:
    """vector_axis: of the indices, that holds beginnings. axes: that they are for. sizes: of a slice.

    offset_dims: axes of the result that run along slices. collapsed: axes that leave the slices.
    """

    vector_axis: int
    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    offset_dims: tuple[int, ...]
    collapsed: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The axes. Raises Unsupported for types, and options that do not fit the shapes."""
    shape, indices = moved(node, profile, TYPES).shape, require_type(node, 1, *INDICES).shape
    vector_axis = int(node.options.get("index_vector_dim", 0))
    axes, sizes, offset_dims, collapsed = (
        tuple(int(n) for n in node.options.get(name, ()))
        for name in ("start_index_map", "slice_sizes", "offset_dims", "collapsed_slice_dims")
    )
    params = Params(vector_axis, axes, sizes, offset_dims, collapsed)
    fits = len(sizes) == len(shape) and all(0 <= s <= size for s, size in zip(sizes, shape, strict=True))
    fits = fits and 0 <= vector_axis <= len(indices) and len(axes) == (*indices, 1)[vector_axis]
    fits = fits and len(set(axes)) == len(axes) and all(0 <= axis < len(shape) for axis in axes)
    fits = (
        fits and len(set(collapsed)) == len(collapsed) and all(sizes[a] == 1 for a in collapsed if 0 <= a < len(shape))
    )
    fits = fits and all(0 <= axis < len(shape) for axis in collapsed)
    rank = len(indices) - (vector_axis < len(indices)) + len(offset_dims)
    fits = fits and len(offset_dims) == len(shape) - len(collapsed) and list(offset_dims) == sorted(set(offset_dims))
    if not fits or not all(0 <= axis < rank for axis in offset_dims):
        raise node.unsupported(f"options {params} do not fit shape {list(shape)} and indices {list(indices)}")
    batch = [size for axis, size in enumerate(indices) if axis != vector_axis]
    require_room(node, [*batch, *(size for axis, size in enumerate(sizes) if axis not in collapsed)])
    return params


def evaluate(params: Params, x, indices) -> np.ndarray:
    """x, indices -> slices of x."""
    if params.vector_axis == indices.ndim:
        indices = indices[..., None]
    vectors = np.moveaxis(indices, params.vector_axis, -1)
    batch = vectors.shape[:-1]
    index: list[np.ndarray] = []
    for axis, (size, total) in enumerate(zip(params.sizes, x.shape, strict=True)):
        cells = np.arange(size).reshape(*(1,) * (len(batch) + axis), size, *(1,) * (x.ndim - axis - 1))
        if axis in params.axes:
            begin = vectors[..., params.axes.index(axis)].astype(np.int64)
            cells = cells + np.maximum(np.minimum(begin, total - size), 0).reshape(*batch, *(1,) * x.ndim)
        index.append(cells)
    slices = np.broadcast_to(x[tuple(index)], (*batch, *params.sizes))
    slices = slices.squeeze(tuple(len(batch) + axis for axis in params.collapsed))
    return np.asarray(np.moveaxis(slices, range(len(batch), slices.ndim), params.offset_dims), order="C")
