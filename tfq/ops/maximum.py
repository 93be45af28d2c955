"""MAXIMUM: y = a > b ? a : b on stored numbers; scales and zero points are not looked at, in no runtime.

Give both inputs and the output one scale and zero point. The second operand comes back where neither is greater, NaN
included.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, all_types, direct, evaluate, require_types
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "TYPES", "evaluate", "prepare", "stacks"]

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "INT64", "FLOAT32")}

SPEC = Spec(
    "MAXIMUM",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/maximum_minimum.cc; google/XNNPACK src/f32-vbinary; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/maximum_minimum.cc",
)

stacks = rows_apart


def larger(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The larger of each pair."""
    return np.where(a > b, a, b)


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    require_types(node, profile, TYPES)
    return direct(node, larger)
