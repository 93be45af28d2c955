"""SPLIT: an axis in parts of equal size. Stored values are copied.

xnnpack refuses to load unless 8-bit input and outputs share scale and zero point, for two to four parts; litert and
tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import axis_in, moved, operand, pinned, same_grid_if_delegated, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {
    LITERT: _LITERT_TYPES,
    XNNPACK: (*_LITERT_TYPES, "FLOAT16"),
    TFLM: ("INT8", "INT16", "INT32", "FLOAT32"),
}
SPEC = Spec(
    "SPLIT",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/split.cc; google/XNNPACK src/subgraph/even-split.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/split.cc",
)

_XNNPACK_PARTS = (2, 3, 4)


@dataclass(frozen=True)
class Params:
    """axis: counted from the front. ends: where the parts but the last end."""

    axis: int
    ends: tuple[int, ...]


def _any_grids(node: Node) -> None:
    pass


def _delegated(node: Node) -> None:
    if len(node.outputs) in _XNNPACK_PARTS and pinned(node, 0):
        same_grid_if_delegated(node, given(node, 1), *node.outputs)
    elif given(node, 1).type == "FLOAT16":
        raise node.unsupported(f"FLOAT16 goes into 2 to 4 parts along a constant axis, received {len(node.outputs)}")


CHECK_GRIDS = {LITERT: _any_grids, XNNPACK: _delegated, TFLM: _any_grids}


def prepare(node: Node, profile: Profile) -> Params:
    """Axis and ends. Raises Unsupported for types, an axis that does not split evenly, and differing scales."""
    x = moved(node, profile, TYPES, 1)
    axis = _axis(node)
    CHECK_GRIDS[profile](node)
    parts, size = len(node.outputs), x.shape[axis]
    if parts != node.options.get("num_splits", parts) or parts == 0 or size % parts:
        raise node.unsupported(f"axis {axis} of shape {list(x.shape)} does not split into {parts} equal parts")
    return Params(axis, tuple(range(size // parts, size, size // parts)) if size else (0,) * (parts - 1))


def _axis(node: Node) -> int:
    return axis_in(node, operand(node, 0, "the axis", 1)[0], len(given(node, 1).shape))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their axis is split."""
    x = given(node, 1)
    return x.data is None and len(x.shape) > 1 and x.shape[0] == 1 and _axis(node) != 0


def evaluate(params: Params, axis, x) -> tuple[np.ndarray, ...]:
    """x -> its parts."""
    return tuple(np.asarray(part, order="C") for part in np.split(x, params.ends, params.axis))
