"""DILATE: along each axis, between neighbouring cells, dilation - 1 cells of a given value. Stored values are copied.

Scales are not looked at. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, moved, one_value, operand, require_room, require_type, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ()}
SPEC = Spec("DILATE", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/dilate.cc")


@dataclass(frozen=True)
class Params:
    """shape: of the output. dilations: the distance of neighbouring cells along each axis."""

    shape: tuple[int, ...]
    dilations: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """Shape and distances. Raises Unsupported for types, an empty input, and dilations below 1."""
    x = moved(node, profile, TYPES)
    require_type(node, 1, "INT32")
    require_type(node, 2, x.type)
    one_value(node, 2)
    dilations = operand(node, 1, "the dilations", len(x.shape))
    if min(dilations, default=0) < 1 or 0 in x.shape:
        raise node.unsupported(f"dilations of 1 or more of cells are needed, received {dilations} of {list(x.shape)}")
    shape = [(size - 1) * d + 1 for size, d in zip(x.shape, dilations, strict=True)]
    require_room(node, shape)
    return Params(tuple(shape), tuple(dilations))


def evaluate(params: Params, x, dilations, value) -> np.ndarray:
    """x -> its cells, apart."""
    y = np.full(params.shape, value.reshape(()))
    y[tuple(slice(None, None, step) for step in params.dilations)] = x
    return y
