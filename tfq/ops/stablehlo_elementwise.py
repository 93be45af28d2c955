"""What STABLEHLO_ADD, STABLEHLO_MULTIPLY, STABLEHLO_MAXIMUM and STABLEHLO_MINIMUM share.

The operation on stored numbers of every type; shapes must be equal and scales are not looked at. Integers are taken
modulo 2**bits; float32 and float64 are not clamped. TFLite Micro has none of them, and XNNPACK takes none.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, direct, require_types
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.plain import Function

_TYPES = ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "FLOAT32", "FLOAT64", "BOOL")
TYPES = {LITERT: _TYPES, XNNPACK: _TYPES, TFLM: ()}


def spec(code: str) -> Spec:
    """The SPEC of one of them."""
    return Spec(code, _TYPES, "google-ai-edge/LiteRT tflite/kernels/stablehlo_elementwise.h")


def prepare(node: Node, profile: Profile, function: Function) -> Params:
    """Raises Unsupported for types that the profile's kernel does not take, and for unlike shapes."""
    require_types(node, profile, TYPES)
    shapes = [list(given(node, position).shape) for position in (0, 1)]
    if shapes[0] != shapes[1]:
        raise node.unsupported(f"shapes must be equal, received {shapes[0]} and {shapes[1]}")

    def silently(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return function(a, b)

    return direct(node, silently)
