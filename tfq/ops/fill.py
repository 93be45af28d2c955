"""FILL: a shape full of one value.

LiteRT wants value and output on one scale and zero point, the latter 0 for int16; tflm does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, any_parameters, moved, operand, parameters, require_room, same_parameters, types_of
from tfq.tflite.model import Tensor

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ("INT8", "INT32", "FLOAT32")}
SPEC = Spec(
    "FILL",
    ("INT32", "INT64"),
    "google-ai-edge/LiteRT tflite/kernels/fill.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/fill.cc",
)
VALUE_TYPES = types_of(TYPES)


def _same(node: Node, *tensors: Tensor) -> None:
    same_parameters(node, *tensors)
    if tensors[0].type == "INT16" and parameters(tensors[0])[1]:
        raise node.unsupported(f"zero points of INT16 must be 0, received {parameters(tensors[0])[1]}")


CHECK_GRIDS = {LITERT: _same, XNNPACK: _same, TFLM: any_parameters}


@dataclass(frozen=True)
class Params:
    """shape: of the output."""

    shape: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The shape. Raises Unsupported for types, a value with axes, sizes below 0, differing scales."""
    value = moved(node, profile, TYPES, 1)
    if value.shape:
        raise node.unsupported(f"the value must have no axes, received shape {list(value.shape)}")
    CHECK_GRIDS[profile](node, value, node.outputs[0])
    shape = operand(node, 0, "the shape")
    require_room(node, shape)
    return Params(tuple(shape))


def evaluate(params: Params, shape, value) -> np.ndarray:
    """value: [] -> the shape given."""
    return np.full(params.shape, value)
