"""SELECT: where the condition holds the first operand's value, elsewhere the second's. Stored values are copied.

All of one shape; or a condition without axes, or one for each slice of axis 0. Scales are not looked at. tflm has no
such op.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, require_type, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ()}
SPEC = Spec("SELECT", ("BOOL",), "google-ai-edge/LiteRT tflite/kernels/select.cc, internal/reference/select.h")
VALUE_TYPES = types_of(TYPES)


@dataclass(frozen=True)
class Params:
    """condition: the shape in which it broadcasts to the operands', None for as it is."""

    condition: tuple[int, ...] | None


def prepare(node: Node, profile: Profile) -> Params:
    """How the condition broadcasts. Raises Unsupported for types and shapes that do not fit."""
    a = moved(node, profile, TYPES, 1)
    condition, b = require_type(node, 0, "BOOL"), require_type(node, 2, a.type)
    shapes = [list(tensor.shape) for tensor in (condition, a, b)]
    if all(math.prod(shape) == 1 for shape in shapes):
        return Params((1,) * len(a.shape))
    if a.shape != b.shape:
        raise node.unsupported(f"both operands must have one shape, received {shapes[1:]}")
    if condition.shape == a.shape or not condition.shape:
        return Params(None)
    if len(condition.shape) == 1 and condition.shape == a.shape[:1]:
        return Params((-1, *(1,) * (len(a.shape) - 1)))
    raise node.unsupported(f"a condition of shape {shapes[0]} does not fit operands of shape {shapes[1]}")


stacks = rows_apart


def evaluate(params: Params, condition, a, b) -> np.ndarray:
    """condition: bool; a, b -> a's shape."""
    if params.condition is not None and condition.shape != a.shape:
        condition = condition.reshape(params.condition)
    return np.where(condition, a, b)
