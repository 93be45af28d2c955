"""ATAN2: y = the angle of the point (x, y) for operands y and x of one shape, in [-pi, pi].

Taken in float64 and rounded once; LiteRT calls atan2f of the C library, which may differ in the last bit of float32.
TFLite Micro has none, and XNNPACK takes none.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, direct, evaluate, require_types
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

TYPES = {LITERT: ("FLOAT32", "FLOAT64"), XNNPACK: ("FLOAT32", "FLOAT64"), TFLM: ()}

SPEC = Spec("ATAN2", ("FLOAT32", "FLOAT64"), "google-ai-edge/LiteRT tflite/kernels/atan2.cc")

stacks = rows_apart


def angle(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The angle, float64."""
    return np.arctan2(y.astype(np.float64), x.astype(np.float64))


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types that the profile's kernel does not take, and for unlike shapes: it reads on."""
    require_types(node, profile, TYPES)
    shapes = [list(given(node, position).shape) for position in (0, 1)]
    if shapes[0] != shapes[1]:
        raise node.unsupported(f"shapes must be equal, received {shapes[0]} and {shapes[1]}")
    return direct(node, angle)
