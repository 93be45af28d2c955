"""ONE_HOT: a new axis of `depth` cells, the one at the index with the on value, the others with the off value.

Stored values are copied, scales not looked at; indices outside the axis light no cell. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import INDICES, moved, one_value, operand, require_room, require_type, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec("ONE_HOT", INDICES, "google-ai-edge/LiteRT tflite/kernels/one_hot.cc")
VALUE_TYPES = types_of(TYPES)


@dataclass(frozen=True)
class Params:
    """axis: of the output. depth: its size."""

    axis: int
    depth: int


def prepare(node: Node, profile: Profile) -> Params:
    """Axis and depth. Raises Unsupported for types, an axis out of range, a depth below 0."""
    on = moved(node, profile, TYPES, 2)
    indices = require_type(node, 0, *INDICES)
    require_type(node, 1, "INT32")
    require_type(node, 3, on.type)
    for position in (2, 3):
        one_value(node, position)
    axis, depth = _axis(node), operand(node, 1, "the depth", 1)[0]
    require_room(node, [*indices.shape[:axis], depth, *indices.shape[axis:]])
    return Params(axis, depth)


def _axis(node: Node) -> int:
    rank, axis = len(given(node).shape), int(node.options.get("axis", -1))
    if not -1 <= axis <= rank:
        raise node.unsupported(f"the axis must be -1 to {rank}, received {axis}")
    return rank if axis == -1 else axis


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the new axis comes before them, where the values are constants."""
    indices = given(node)
    constant = all(given(node, position).data is not None for position in (1, 2, 3))
    return constant and indices.data is None and indices.shape[:1] == (1,) and _axis(node) != 0


def evaluate(params: Params, indices, depth, on, off) -> np.ndarray:
    """indices: [...] -> [..., depth, ...], in the values' type."""
    shape = [1] * (indices.ndim + 1)
    shape[params.axis] = params.depth
    # The kernel cuts 64-bit indices to 32 bits.
    wanted = np.expand_dims(indices.astype(np.int32), params.axis)
    return np.where(wanted == np.arange(params.depth, dtype=np.int32).reshape(shape), on.reshape(()), off.reshape(()))
