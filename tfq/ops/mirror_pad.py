"""MIRROR_PAD: a border that mirrors the inside, with the edge (SYMMETRIC) or without it (REFLECT). Values are copied.

LiteRT refuses 8- and 16-bit tensors on different scales; tflm does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, any_parameters, moved, same_parameters_in_8_or_16_bits, types_of
from tfq.ops.pad import paddings_of, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ("INT8", "FLOAT32")}
SPEC = Spec(
    "MIRROR_PAD",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/mirror_pad.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/mirror_pad.cc",
)

CHECK_GRIDS = {
    LITERT: same_parameters_in_8_or_16_bits,
    XNNPACK: same_parameters_in_8_or_16_bits,
    TFLM: any_parameters,
}
# NumPy's name of the mode, and how much of the inside stays out of the border.
MODES = {"REFLECT": ("reflect", 1), "SYMMETRIC": ("symmetric", 0)}


@dataclass(frozen=True, eq=False)
class Params:
    """paddings: (before, after) of each axis. mode: as NumPy calls it."""

    paddings: tuple[tuple[int, int], ...]
    mode: str


def prepare(node: Node, profile: Profile) -> Params:
    """Border of the node. Raises Unsupported for types, scales, and paddings wider than what they mirror."""
    x = moved(node, profile, TYPES)
    CHECK_GRIDS[profile](node, x, node.outputs[0])
    mode, left_out = MODES[node.options.get("mode", "REFLECT")]
    paddings = paddings_of(node)
    if any(max(pair) > max(0, size - left_out) for pair, size in zip(paddings, x.shape, strict=True)):
        raise node.unsupported(f"paddings {list(paddings)} are wider than what they mirror of shape {list(x.shape)}")
    return Params(paddings, mode)


def evaluate(params: Params, x, paddings=None) -> np.ndarray:
    """x -> its values, each axis longer by its two paddings."""
    return np.pad(x, params.paddings, mode=params.mode)  # type: ignore[call-overload]
