"""FLOOR_DIV: y = floor(a / b) of stored numbers, the quotient in float64; scales are not looked at.

The lowest int32 by -1 comes back as it is. For int8 and int16 the answer there depends on the element's place (127 or
-128), so that it is refused while running; so is a divisor of 0, of float32 too. tflm takes float32 only. XNNPACK takes
none.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import all_types, direct, require_types
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.divisor import Params, evaluate, overflow_checked

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

_LITERT_TYPES = ("INT8", "INT16", "INT32", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("FLOAT32",)}

SPEC = Spec(
    "FLOOR_DIV",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/floor_div.cc, internal/reference/floor_div.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/floor_div.cc",
)

stacks = rows_apart

_UNDEFINED = ("INT8", "INT16")


def whole(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """floor(a / b) of integers, int64; b is not 0."""
    quotients = np.floor(a.astype(np.float64) / b.astype(np.float64)).astype(np.int64)
    return np.where(quotients >= 2**31, -(2**31), quotients)


def real(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """floor(a / b) in float64."""
    with np.errstate(all="ignore"):
        return np.floor(a.astype(np.float64) / b.astype(np.float64)).astype(np.float32)


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    type_ = require_types(node, profile, TYPES)
    return overflow_checked(node, direct(node, real if type_ == "FLOAT32" else whole), _UNDEFINED)
