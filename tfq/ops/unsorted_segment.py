"""What UNSORTED_SEGMENT_SUM, _PROD, _MAX and _MIN share: slices with the same segment are put together, in order.

float32 is rounded at each step, int32 wraps; negative segments are left out, and those of no slice hold the value that
the first step starts from. tflm has none of these ops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node
from tfq.ops.movement import moved, one_value, operand, require_room, require_type, types_of

TYPES = {LITERT: ("INT32", "FLOAT32"), XNNPACK: ("INT32", "FLOAT32"), TFLM: ()}
TYPES_TAKEN = types_of(TYPES)
SOURCE = (
    "google-ai-edge/LiteRT tflite/kernels/unsorted_segment.cc, internal/reference/reference_ops.h UnsortedSegmentRef"
)


@dataclass(frozen=True, eq=False)
class Params:
    """step: two values into one. start: what each cell holds first. count: of segments. axes: of the segments."""

    node: Node
    step: np.ufunc
    start: float
    count: int
    axes: int


def lowest(dtype: np.dtype) -> float:
    """The lowest finite number of a type."""
    return float(np.finfo(dtype).min) if dtype.kind == "f" else int(np.iinfo(dtype).min)


def highest(dtype: np.dtype) -> float:
    """The highest finite number of a type."""
    return float(np.finfo(dtype).max) if dtype.kind == "f" else int(np.iinfo(dtype).max)


def prepare_step(node: Node, profile: Profile, step: np.ufunc, start: float) -> Params:
    """Params. Raises Unsupported for types, and for segments that are not one for each of the first slices."""
    shape = moved(node, profile, TYPES).shape
    segments = require_type(node, 1, "INT32")
    require_type(node, 2, "INT32")
    one_value(node, 2)
    count = operand(node, 2, "the number of segments")[0]
    axes = len(segments.shape)
    if segments.shape != shape[:axes]:
        raise node.unsupported(f"segments {list(segments.shape)} must be the first axes of {list(shape)}")
    require_room(node, [count, *shape[axes:]])
    return Params(node, step, start, count, axes)


def evaluate(params: Params, x, segments, count) -> np.ndarray:
    """x: [..., rest], segments: [...] -> [count, rest]."""
    rest = x.shape[params.axes :]
    wanted = segments.reshape(-1)
    if (wanted >= params.count).any():
        raise params.node.unsupported(f"segments must be below {params.count}, received {wanted.max()}")
    y = np.full((params.count, math.prod(rest)), params.start, x.dtype)
    kept = wanted >= 0
    with np.errstate(over="ignore", invalid="ignore"):
        params.step.at(y, wanted[kept], x.reshape(wanted.size, math.prod(rest))[kept])
    return y.reshape(params.count, *rest)
