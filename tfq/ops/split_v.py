"""SPLIT_V: an axis in parts of given sizes, one of which may be -1 for the rest. Stored values are copied.

No runtime looks at scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import axis_in, moved, operand, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}
SPEC = Spec(
    "SPLIT_V",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/split_v.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/split_v.cc",
)


@dataclass(frozen=True)
class Params:
    """axis: counted from the front. ends: where the parts but the last end."""

    axis: int
    ends: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """Axis and ends. Raises Unsupported for types and for sizes that do not fill the axis."""
    x = moved(node, profile, TYPES)
    axis = _axis(node)
    sizes = operand(node, 1, "the sizes", len(node.outputs))
    rest = x.shape[axis] - sum(size for size in sizes if size != -1)
    filled = [rest if size == -1 else size for size in sizes]
    if sizes.count(-1) > 1 or min(filled, default=-1) < 0 or sum(filled) != x.shape[axis]:
        raise node.unsupported(f"axis {axis} of shape {list(x.shape)} does not split into {sizes}")
    return Params(axis, tuple(accumulate(filled[:-1])))


def _axis(node: Node) -> int:
    return axis_in(node, operand(node, 2, "the axis", 1)[0], len(given(node).shape))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their axis is split."""
    x = given(node)
    return x.data is None and len(x.shape) > 1 and x.shape[0] == 1 and _axis(node) != 0


def evaluate(params: Params, x, sizes=None, axis=None) -> tuple[np.ndarray, ...]:
    """x -> its parts."""
    return tuple(np.asarray(part, order="C") for part in np.split(x, params.ends, params.axis))
