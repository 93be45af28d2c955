"""SPARSE_TO_DENSE: a shape full of a default value, with values set at the given indices, the last one wins.

Stored values are copied, scales not looked at. Indices outside are refused. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import INDICES, moved, one_value, operand, require_indices, require_room, require_type, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec(
    "SPARSE_TO_DENSE",
    INDICES,
    "google-ai-edge/LiteRT tflite/kernels/sparse_to_dense.cc, internal/reference/reference_ops.h SparseToDense",
)
VALUE_TYPES = types_of(TYPES)
_MOST_AXES = 4


@dataclass(frozen=True, eq=False)
class Params:
    """shape: of the output."""

    node: Node
    shape: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The output's shape. Raises Unsupported for types, ranks, and values that do not fit the indices."""
    values = moved(node, profile, TYPES, 2)
    indices = require_type(node, 0, *INDICES)
    shape = operand(node, 1, "the shape")
    require_room(node, shape)
    require_type(node, 3, values.type)
    one_value(node, 3)
    if len(indices.shape) == 2:
        count, addressed = indices.shape
    else:
        count, addressed = int(np.prod(indices.shape)), 1
    fits = len(indices.shape) <= 2 and addressed == len(shape) <= _MOST_AXES and values.shape in ((), (count,))
    if not fits:
        raise node.unsupported(
            f"indices {list(indices.shape)} and values {list(values.shape)} do not fit shape {shape}"
        )
    return Params(node, tuple(shape))


def evaluate(params: Params, indices, shape, values, default) -> np.ndarray:
    """indices: [], [n] or [n, axes]; values: [] or [n] -> the shape given."""
    places = indices.reshape(-1, len(params.shape))
    require_indices(params.node, places, np.asarray(params.shape))
    y = np.full(params.shape, default.reshape(()))
    for place, value in zip(places, np.broadcast_to(values, len(places)), strict=True):
        y[tuple(place)] = value
    return y
