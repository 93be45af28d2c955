"""STABLEHLO_PAD: cells of a given value before, between and behind the input's; below 0 they cut it. Values are copied.

Scales are not looked at. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, moved, one_value, require_room, require_type, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ()}
SPEC = Spec("STABLEHLO_PAD", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/stablehlo_pad.cc")

_MOST_AXES = 8


@dataclass(frozen=True)
class Params:
    """shape: with everything that is added. steps: between the input's cells. before: the first one's place.

    kept: what the cuts leave of each axis.
    """

    shape: tuple[int, ...]
    steps: tuple[int, ...]
    before: tuple[int, ...]
    kept: tuple[slice, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """Places and sizes. Raises Unsupported for types, and options that do not fit the input's axes."""
    x = moved(node, profile, TYPES)
    require_type(node, 1, x.type)
    one_value(node, 1)
    low, high, between = (
        [int(n) for n in node.options.get(name, ())]
        for name in ("edge_padding_low", "edge_padding_high", "interior_padding")
    )
    if not len(x.shape) == len(low) == len(high) == len(between) or not 1 <= len(low) <= _MOST_AXES:
        raise node.unsupported(f"paddings {low}, {high} and {between} do not fit shape {list(x.shape)}")
    if min(between) < 0:
        raise node.unsupported(f"interior paddings must be 0 or more, received {between}")
    grown = [size + max(0, size - 1) * gap for size, gap in zip(x.shape, between, strict=True)]
    shape = [size + max(0, a) + max(0, b) for size, a, b in zip(grown, low, high, strict=True)]
    out = [size + a + b for size, a, b in zip(grown, low, high, strict=True)]
    require_room(node, shape)
    if min(out) <= 0:
        raise node.unsupported(f"paddings {low}, {high} and {between} leave nothing of shape {list(x.shape)}")
    kept = tuple(slice(max(0, -a), size - max(0, -b)) for size, a, b in zip(shape, low, high, strict=True))
    return Params(tuple(shape), tuple(gap + 1 for gap in between), tuple(max(0, a) for a in low), kept)


def evaluate(params: Params, x, value) -> np.ndarray:
    """x -> its cells, apart and with a border."""
    y = np.full(params.shape, value.reshape(()))
    places = zip(x.shape, params.before, params.steps, strict=True)
    if x.size:
        y[tuple(slice(first, first + (size - 1) * step + 1, step) for size, first, step in places)] = x
    return np.asarray(y[params.kept], order="C")
