"""DYNAMIC_UPDATE_SLICE: the operand with a block of it replaced by the update, at the given beginnings.

Beginnings are moved so that the block lies inside. Stored values are copied, scales not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, INDICES, moved, require_type, types_of

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}
SPEC = Spec(
    "DYNAMIC_UPDATE_SLICE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/dynamic_update_slice.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/dynamic_update_slice.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 6}


@dataclass(frozen=True)
class Params:
    """stacked: axis 0 holds samples, all of which the update covers."""

    stacked: bool


def prepare(node: Node, profile: Profile) -> Params:
    """Nothing but refusals: Unsupported for types, ranks and an update larger than the operand."""
    operand = moved(node, profile, TYPES)
    require_rank(node, LARGEST_RANK[profile])
    update, begin = require_type(node, 1, operand.type), require_type(node, 2, *INDICES)
    fits = len(update.shape) == len(operand.shape) and begin.shape == (len(operand.shape),)
    if not fits or any(u > size for u, size in zip(update.shape, operand.shape, strict=True)):
        raise node.unsupported(
            f"an update of shape {list(update.shape)} at beginnings of shape {list(begin.shape)} "
            f"does not fit shape {list(operand.shape)}"
        )
    return Params(stacks(node))


def stacks(node: Node) -> bool:
    """Samples may be stacked where the beginnings are constants."""
    return given(node, 2).data is not None and rows_apart(node) and given(node, 1).shape[0] == 1


def evaluate(params: Params, operand, update, begin) -> np.ndarray:
    """operand, update: no larger, begin: [axes] -> operand's shape."""
    y = np.broadcast_to(operand, (max(len(operand), len(update)), *operand.shape[1:])) if params.stacked else operand
    y = y.copy()
    places = [
        slice(start, start + size)
        for start, size in (
            (min(max(0, int(start)), total - size), size)
            for start, total, size in zip(begin, operand.shape, update.shape, strict=True)
        )
    ]
    if params.stacked:
        places[0] = slice(None)
    y[tuple(places)] = update
    return y
