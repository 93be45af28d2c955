"""BROADCAST_ARGS: the shape to which two shapes broadcast. Shapes that do not are refused (LiteRT aborts)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import INDICES, moved, require_type, types_of

TYPES = {LITERT: INDICES, XNNPACK: INDICES, TFLM: INDICES}
SPEC = Spec(
    "BROADCAST_ARGS",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/broadcast_args.cc, internal/reference/broadcast_args.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/broadcast_args.cc",
)


@dataclass(frozen=True, eq=False)
class Params:
    """node: for refusals at run time."""

    node: Node


def prepare(node: Node, profile: Profile) -> Params:
    """Nothing but refusals: Unsupported for types and ranks."""
    a = moved(node, profile, TYPES)
    b = require_type(node, 1, a.type)
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise node.unsupported(f"both shapes must have one axis, received {list(a.shape)} and {list(b.shape)}")
    return Params(node)


def evaluate(params: Params, a, b) -> np.ndarray:
    """a, b: shapes -> the longer one's length."""
    length = max(a.size, b.size)
    a, b = (np.concatenate([np.ones(length - shape.size, shape.dtype), shape]) for shape in (a, b))
    if ((a != b) & (a != 1) & (b != 1)).any():
        raise params.node.unsupported(f"shapes {a.tolist()} and {b.tolist()} do not broadcast")
    return np.where(a == 1, b, a)
