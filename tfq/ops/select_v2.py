"""SELECT_V2: where the condition holds the first operand's value, elsewhere the second's. Stored values are copied.

All three broadcast as in NumPy. Scales are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, require_room, require_type, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ("INT8", "INT16", "FLOAT32")}
SPEC = Spec(
    "SELECT_V2",
    ("BOOL",),
    "google-ai-edge/LiteRT tflite/kernels/select.cc, internal/reference/select.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/select.cc",
)
VALUE_TYPES = types_of(TYPES)

stacks = rows_apart


@dataclass(frozen=True)
class Params:
    """Nothing: the arrays decide."""


def prepare(node: Node, profile: Profile) -> Params:
    """Nothing. Raises Unsupported for types and shapes that do not broadcast."""
    a = moved(node, profile, TYPES, 1)
    condition, b = require_type(node, 0, "BOOL"), require_type(node, 2, a.type)
    shapes = (condition.shape, a.shape, b.shape)
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise node.unsupported(f"shapes {[list(shape) for shape in shapes]} do not broadcast") from None
    require_room(node, shape)
    return Params()


def evaluate(params: Params, condition, a, b) -> np.ndarray:
    """condition: bool; a, b: of one type -> what they broadcast to."""
    return np.where(condition, a, b)
