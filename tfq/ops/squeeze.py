"""SQUEEZE: axes of size 1 leave the shape; stored values are copied, scales not looked at, in every profile.

Axes come from `squeeze_dims`, or are all those of size 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import axes_of, given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, types_of

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: COPIED}
SPEC = Spec(
    "SQUEEZE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/squeeze.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/squeeze.cc",
)


@dataclass(frozen=True)
class Params:
    """axes: counted from the front."""

    axes: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The axes. Raises Unsupported for types and for an axis that is not of size 1."""
    moved(node, profile, TYPES)
    return Params(_axes(node))


def _axes(node: Node) -> tuple[int, ...]:
    shape = tuple(given(node).shape)
    named = axes_of(node, np.asarray(node.options.get("squeeze_dims", ()), np.int64), len(shape))
    wide = [axis for axis in named if shape[axis] != 1]
    if wide:
        raise node.unsupported(f"axes {wide} of shape {list(shape)} must have size 1")
    return named or tuple(axis for axis, size in enumerate(shape) if size == 1)


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their axis leaves."""
    return rows_apart(node) and 0 not in _axes(node)


def evaluate(params: Params, x) -> np.ndarray:
    """x -> the same values with fewer axes."""
    return np.squeeze(x, axis=params.axes)
