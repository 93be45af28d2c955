"""RELU6: RELU with the upper bound 6. TFLite Micro's clamps on the input's grid and does not rescale; see relu.py."""

from __future__ import annotations

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.relu import TYPES, constants, integers, prepare_relu
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "RELU6",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc Relu6Prepare, QuantizedReluX; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/activations_common.cc Relu6Prepare",
)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types and for scales too far apart."""
    return prepare_relu(node, profile, SPEC, TYPES)
