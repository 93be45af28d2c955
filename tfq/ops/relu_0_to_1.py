"""RELU_0_TO_1: RELU with the bounds 0 and 1; TFLite Micro has none. See relu.py."""

from __future__ import annotations

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.relu import constants, integers, prepare_relu
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "RELU_0_TO_1",
    ("INT8", "UINT8", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc ReluPrepare, QuantizedReluX",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types and for scales too far apart."""
    return prepare_relu(node, profile, SPEC, TYPES)
