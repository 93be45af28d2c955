"""SEGMENT_SUM: sums of slices of axis 0 with the same segment, which begin at 0 and rise by 0 or 1.

Added in order: float32 is rounded at each addition, int32 wraps. Only LiteRT's default has this op: its reference
kernels (BUILTIN_REF) and tflm do not register it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import moved, require_room, require_type, types_of, value_of

TYPES = {LITERT: (), XNNPACK: ("INT32", "FLOAT32"), TFLM: ()}
SPEC = Spec("SEGMENT_SUM", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/segment_sum.cc")


@dataclass(frozen=True)
class Params:
    """count: of segments."""

    count: int


def prepare(node: Node, profile: Profile) -> Params:
    """How many segments. Raises Unsupported for types, and for segments that do not rise by 0 or 1 from 0 on."""
    shape = moved(node, profile, TYPES).shape
    require_type(node, 1, "INT32")
    segments = value_of(node, 1, "the segments")
    if not shape or segments.shape != shape[:1]:
        raise node.unsupported(f"a segment for each slice of {list(shape)} is needed, received {list(segments.shape)}")
    steps = np.diff(segments.astype(np.int64), prepend=0)
    if ((steps < 0) | (steps > 1)).any() or (segments[:1] != 0).any():
        raise node.unsupported("segments must begin at 0 and rise by 0 or 1")
    count = int(segments[-1]) + 1 if segments.size else 0
    require_room(node, [count, *shape[1:]])
    return Params(count)


def evaluate(params: Params, x, segments) -> np.ndarray:
    """x: [n, ...], segments: [n] -> [segments, ...]."""
    y = np.zeros((params.count, *x.shape[1:]), x.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.at(y, segments, x)
    return y
