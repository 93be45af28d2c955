"""PADV2: a border of one given stored value. Stored values are copied in every profile.

The value must be on the output's scale and zero point, as LiteRT wants of quantized tensors and tflm of int8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, require_rank
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import moved, require_type, same_parameters, types_of
from tfq.ops.pad import MOST_AXES, bordered, paddings_of
from tfq.ops.pad import TYPES as PAD_TYPES
from tfq.ops.pad import stacks as pad_stacks

TYPES = PAD_TYPES
SPEC = Spec(
    "PADV2",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/pad.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/pad_common.cc",
)

# Types whose scales are compared where the input has one.
COMPARED = {LITERT: ("INT8", "UINT8", "INT16"), XNNPACK: ("INT8", "UINT8", "INT16"), TFLM: ("INT8",)}


@dataclass(frozen=True, eq=False)
class Params:
    """paddings: (before, after) of each axis."""

    paddings: tuple[tuple[int, int], ...]


def prepare(node: Node, profile: Profile) -> Params:
    """Border of the node. Raises Unsupported for types, ranks, paddings that do not fit, and differing scales."""
    x = moved(node, profile, TYPES)
    value = require_type(node, 2, x.type)
    require_rank(node, MOST_AXES)
    if math.prod(value.shape) != 1:
        raise node.unsupported(f"the border's value must be one, received shape {list(value.shape)}")
    if x.type in COMPARED[profile] and x.quantization is not None:
        same_parameters(node, value, node.outputs[0])
    return Params(paddings_of(node))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the border runs around them, or its value is computed for each."""
    return given(node, 2).data is not None and pad_stacks(node)


def evaluate(params: Params, x, paddings, value) -> np.ndarray:
    """x -> its values, each axis longer by its two paddings."""
    return bordered(x, params.paddings, np.asarray(value).reshape(()))
