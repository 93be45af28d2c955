"""SQUEEZE: axes of size 1 leave the shape; stored integers are copied, scales not looked at, in every profile.

Axes come from `squeeze_dims`, or are all those of size 1 in the file's own shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.checks import axes_of, given
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "SQUEEZE",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/squeeze.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/squeeze.cc",
)


@dataclass(frozen=True)
class Params:
    """axes: counted from the front."""

    axes: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The axes. Raises Unsupported for types and for an axis that is not of size 1."""
    node.require_types(SPEC)
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
    """x: int8 -> int8."""
    return np.squeeze(x, axis=params.axes)
