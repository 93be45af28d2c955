"""BITWISE_XOR: y = a ^ b of the stored bits; 8-, 16- and 32-bit integers. TFLite Micro has none."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, direct, evaluate, require_types
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "TYPES", "evaluate", "prepare", "stacks"]

_INTEGERS = ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32")
TYPES = {LITERT: _INTEGERS, XNNPACK: _INTEGERS, TFLM: ()}

SPEC = Spec("BITWISE_XOR", _INTEGERS, "google-ai-edge/LiteRT tflite/kernels/bitwise_xor.cc")

stacks = rows_apart


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    require_types(node, profile, TYPES)
    return direct(node, np.bitwise_xor)
