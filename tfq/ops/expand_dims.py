"""EXPAND_DIMS: a new axis of size 1; stored values are copied in every profile.

LiteRT refuses inputs and outputs with different scales or zero points; TFLite Micro does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, any_parameters, axis_in, moved, operand, same_parameters, types_of

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: ("INT8", "INT16", "FLOAT32")}
SPEC = Spec(
    "EXPAND_DIMS",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/expand_dims.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/expand_dims.cc",
)

CHECK_GRIDS = {LITERT: same_parameters, XNNPACK: same_parameters, TFLM: any_parameters}


@dataclass(frozen=True)
class Params:
    """axis: of the output, counted from the front."""

    axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, an axis that is not one in range, differing scales."""
    CHECK_GRIDS[profile](node, moved(node, profile, TYPES), node.outputs[0])
    return Params(_axis(node))


def _axis(node: Node) -> int:
    return axis_in(node, operand(node, 1, "the axis", 1)[0], len(given(node).shape) + 1)


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the new axis comes before them."""
    return rows_apart(node) and _axis(node) != 0


def evaluate(params: Params, x, axis=None) -> np.ndarray:
    """x -> the same values with one more axis."""
    return np.expand_dims(x, params.axis)
