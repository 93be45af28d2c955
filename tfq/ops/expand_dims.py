"""EXPAND_DIMS: a new axis of size 1; stored integers are copied in every profile.

litert and xnnpack (which leaves it to LiteRT's kernel) refuse to load unless input and output share scale and zero
point; tflm does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import any_grid, axes_of, constant, given, same_grid
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "EXPAND_DIMS",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/expand_dims.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/expand_dims.cc",
)

CHECK_GRIDS = {LITERT: same_grid, XNNPACK: same_grid, TFLM: any_grid}


@dataclass(frozen=True)
class Params:
    """axis: of the output, counted from the front."""

    axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, an axis that is not one constant in range, differing scales."""
    node.require_types(SPEC)
    x = given(node)
    CHECK_GRIDS[profile](node, x, node.outputs[0])
    axes = axes_of(node, constant(node, 1, "the axis"), len(x.shape) + 1)
    if len(axes) != 1:
        raise node.unsupported(f"one axis is needed, received {list(axes)}")
    return Params(axes[0])


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the new axis comes before them."""
    return rows_apart(node) and constant(node, 1, "the axis")[0] % (len(given(node).shape) + 1) != 0


def evaluate(params: Params, x, axis=None) -> np.ndarray:
    """x: int8 -> int8."""
    return np.expand_dims(x, params.axis)
