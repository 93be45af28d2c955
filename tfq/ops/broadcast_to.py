"""BROADCAST_TO: axes of size 1 repeated to a given shape. Stored values are copied, scales not looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, operand, require_room, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: COPIED}
SPEC = Spec(
    "BROADCAST_TO",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/broadcast_to.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/broadcast_to.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 5}


@dataclass(frozen=True)
class Params:
    """shape: of the output. stacked: samples may come in along axis 0, as many as there are."""

    shape: tuple[int, ...]
    stacked: bool


def prepare(node: Node, profile: Profile) -> Params:
    """The output's shape. Raises Unsupported for types, ranks and a shape that the input's does not broadcast to."""
    x, shape = moved(node, profile, TYPES), _shape(node)
    if len(shape) > LARGEST_RANK[profile]:
        raise node.unsupported(f"{profile.name} takes up to {LARGEST_RANK[profile]} axes, received shape {shape}")
    require_room(node, shape)
    extended = (1,) * (len(shape) - len(x.shape)) + x.shape
    if len(extended) != len(shape) or any(a not in (1, b) for a, b in zip(extended, shape, strict=True)):
        raise node.unsupported(f"shape {list(x.shape)} does not broadcast to {shape}")
    return Params(tuple(shape), stacks(node))


def _shape(node: Node) -> list[int]:
    return operand(node, 1, "the shape")


def stacks(node: Node) -> bool:
    """Samples may be stacked unless they are repeated, or get new axes before them."""
    return rows_apart(node) and _shape(node)[0] == 1 and len(_shape(node)) == len(given(node).shape)


def evaluate(params: Params, x, shape=None) -> np.ndarray:
    """x -> x, repeated."""
    shape = (x.shape[0], *params.shape[1:]) if params.stacked else params.shape
    return np.asarray(np.broadcast_to(x, shape), order="C")
