"""UNPACK: the slices of an axis as tensors without it. Stored values are copied.

LiteRT refuses inputs and outputs with different scales or zero points; TFLite Micro does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import any_parameters, axis_in, moved, same_parameters, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "BOOL", "FLOAT32", "FLOAT16")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}
SPEC = Spec(
    "UNPACK",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/unpack.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/unpack.cc",
)

CHECK_GRIDS = {LITERT: same_parameters, XNNPACK: same_parameters, TFLM: any_parameters}


@dataclass(frozen=True)
class Params:
    """axis: counted from the front."""

    axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, another number of outputs than slices, differing scales."""
    x = moved(node, profile, TYPES)
    CHECK_GRIDS[profile](node, x, *node.outputs)
    axis, count = _axis(node), int(node.options.get("num", len(node.outputs)))
    if not len(node.outputs) == count == x.shape[axis] or 0 in x.shape:
        raise node.unsupported(f"axis {axis} of shape {list(x.shape)} must have {count} slices, one for each output")
    return Params(axis)


def _axis(node: Node) -> int:
    return axis_in(node, int(node.options.get("axis", 0)), len(given(node).shape))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their axis is taken apart."""
    x = given(node)
    return x.data is None and len(x.shape) > 1 and x.shape[0] == 1 and _axis(node) != 0


def evaluate(params: Params, x) -> tuple[np.ndarray, ...]:
    """x -> its slices."""
    return tuple(np.asarray(part, order="C") for part in np.moveaxis(x, params.axis, 0))
