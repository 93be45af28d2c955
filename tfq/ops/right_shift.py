"""RIGHT_SHIFT: y = a >> b of stored integers, b brought into 0..bits - 1 first; signed ones keep their sign.

TFLite Micro has none.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.binary import Params, direct, evaluate, require_types
from tfq.ops.bitwise_xor import TYPES
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "RIGHT_SHIFT",
    ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32"),
    "google-ai-edge/LiteRT tflite/kernels/right_shift.cc",
)

stacks = rows_apart


def shifted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a >> b within the type."""
    return np.right_shift(a, np.clip(b, 0, 8 * b.dtype.itemsize - 1))


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    require_types(node, profile, TYPES)
    return direct(node, shifted)
