"""NEG: -x. LiteRT negates stored integers as they are, whatever scale and zero point say, and the lowest stays itself.

TFLite Micro takes float32 only. XNNPACK takes float32 and computes 0 - x, which has no -0.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "NEG",
    ("INT8", "INT16", "INT32", "INT64", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/neg.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/neg.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("FLOAT32",)}


def from_zero(x: np.ndarray) -> np.ndarray:
    """XNNPACK."""
    return np.float32(0) - x


FLOAT: unary.Functions = {LITERT: np.negative, XNNPACK: from_zero, TFLM: np.negative}


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    x, _ = unary.alike(node, SPEC, profile, TYPES)
    return Direct(FLOAT[profile] if x.type == "FLOAT32" else np.negative)
