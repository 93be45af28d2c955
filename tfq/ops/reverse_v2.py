"""REVERSE_V2: neighbouring axes, back to front. Stored values are copied, scales not looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import axis_in, moved, operand, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: _LITERT_TYPES[:-1]}
SPEC = Spec(
    "REVERSE_V2",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/reverse.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/reverse.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 6}


@dataclass(frozen=True)
class Params:
    """axes: ascending."""

    axes: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The axes. Raises Unsupported for types, ranks, and axes that are not neighbours, or are none."""
    moved(node, profile, TYPES)
    require_rank(node, LARGEST_RANK[profile])
    axes = _axes(node)
    if not axes or axes != list(range(axes[0], axes[0] + len(axes))):
        raise node.unsupported(f"axes must be neighbours, each once, received {axes}")
    return Params(tuple(axes))


def _axes(node: Node) -> list[int]:
    rank = len(given(node).shape)
    return sorted(axis_in(node, axis, rank) for axis in operand(node, 1, "the axes"))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their order turns."""
    return rows_apart(node) and 0 not in _axes(node)


def evaluate(params: Params, x, axes=None) -> np.ndarray:
    """x -> its values, back to front."""
    return np.asarray(np.flip(x, params.axes), order="C")
