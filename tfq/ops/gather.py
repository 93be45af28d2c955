"""GATHER: slices of one axis, by index. Stored values are copied, scales not looked at.

With batch_dims = n the first n axes of input and indices go together. Indices outside the axis are refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import axis_in, moved, require_indices, require_room, require_type, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16", "INT4")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "FLOAT32")}
INDEX_TYPES = {LITERT: ("INT16", "INT32", "INT64"), XNNPACK: ("INT16", "INT32", "INT64"), TFLM: ("INT32",)}
SPEC = Spec(
    "GATHER",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/gather.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/gather.cc",
)


@dataclass(frozen=True, eq=False)
class Params:
    """axis: counted from the front. batch_dims: axes that go together."""

    node: Node
    axis: int
    batch_dims: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, axes out of range, batches that differ, constant indices outside."""
    x = moved(node, profile, TYPES)
    indices = require_type(node, 1, *INDEX_TYPES[profile])
    axis, batch_dims = _axis(node), int(node.options.get("batch_dims", 0))
    batch_dims += len(indices.shape) if batch_dims < 0 else 0
    if not 0 <= batch_dims <= min(axis, len(indices.shape)) or x.shape[:batch_dims] != indices.shape[:batch_dims]:
        raise node.unsupported(
            f"batch_dims {batch_dims}: the first axes of {list(x.shape)} and {list(indices.shape)} must be the same"
        )
    require_room(node, [*x.shape[:axis], *indices.shape[batch_dims:], *x.shape[axis + 1 :]])
    if indices.data is not None:
        require_indices(node, indices.data, x.shape[axis])
    return Params(node, axis, batch_dims)


def _axis(node: Node) -> int:
    return axis_in(node, int(node.options.get("axis", 0)), len(given(node).shape))


def stacks(node: Node) -> bool:
    """Samples may be stacked where indices are constant and the axis is another, or where they pick from a constant."""
    x, indices, axis = given(node), given(node, 1), _axis(node)
    if node.options.get("batch_dims", 0):
        return False
    if indices.data is not None:
        return rows_apart(node) and axis != 0
    return x.data is not None and axis == 0 and len(indices.shape) > 0 and indices.shape[0] == 1


def evaluate(params: Params, x, indices) -> np.ndarray:
    """x, indices -> [x's axes before, indices' axes, x's axes behind]."""
    axis, batch_dims = params.axis, params.batch_dims
    require_indices(params.node, indices, x.shape[axis])
    if not batch_dims:
        return np.take(x, indices, axis)
    batch = math.prod(x.shape[:batch_dims])
    before, behind = math.prod(x.shape[batch_dims:axis]), math.prod(x.shape[axis + 1 :])
    slices = x.reshape(batch, before, x.shape[axis], behind)
    picked = slices[np.arange(batch)[:, None], :, indices.reshape(batch, -1), :]
    shape = (*x.shape[:axis], *indices.shape[batch_dims:], *x.shape[axis + 1 :])
    return np.asarray(picked.transpose(0, 2, 1, 3), order="C").reshape(shape)
