"""FLOOR_MOD: y = a - floor(a / b) * b on stored numbers: the remainder with the divisor's sign; no scale is looked at.

The remainder cut towards zero (of float32: fmod) plus the divisor, where the two differ in sign. An integer divisor of
0 is refused while running; a float32 one gives NaN. tflm takes float32 only. XNNPACK takes none.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import all_types, direct, require_types
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.divisor import Params, evaluate, overflow_checked, unchecked

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

_LITERT_TYPES = ("INT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("FLOAT32",)}

SPEC = Spec(
    "FLOOR_MOD",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/floor_mod.cc, internal/reference/floor_mod.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/floor_mod.cc",
)

stacks = rows_apart


def remainder(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The remainder with the divisor's sign."""
    with np.errstate(all="ignore"):
        cut = np.fmod(a, b)
        return np.where((cut != 0) & ((b < 0) != (cut < 0)), cut + b, cut)


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    type_ = require_types(node, profile, TYPES)
    checked = unchecked if type_ == "FLOAT32" else overflow_checked
    return checked(node, direct(node, remainder))
