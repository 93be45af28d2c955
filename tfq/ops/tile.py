"""TILE: each axis repeated. Stored values are copied, scales not looked at. tflm has no such op."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, operand, require_room, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ()}
SPEC = Spec("TILE", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/tile.cc")


@dataclass(frozen=True)
class Params:
    """times: how often each axis comes."""

    times: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """How often each axis comes. Raises Unsupported for types, and unless it is 0 or more for every axis."""
    shape = moved(node, profile, TYPES).shape
    times = operand(node, 1, "the multipliers", len(shape))
    require_room(node, times)
    require_room(node, [size * n for size, n in zip(shape, times, strict=True)])
    return Params(tuple(times))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless they are repeated."""
    return rows_apart(node) and operand(node, 1, "the multipliers", len(given(node).shape))[0] == 1


def evaluate(params: Params, x, times=None) -> np.ndarray:
    """x -> x, repeated."""
    return np.tile(x, params.times)
