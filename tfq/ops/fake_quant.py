"""FAKE_QUANT of float32: y = round(clamp(x) / scale) * scale on the grid of `num_bits` over [min, max], nudged.

    scale = (max - min) / (2**bits - 1);  zero = round(-min / scale), within the codes
    y = round((clamp(x) - low) * (1 / scale)) * scale + low                 low, high: of codes 0 and 2**bits - 1

All in float32, halves away from zero. TFLite Micro has none, and no runtime has narrow_range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import round_half_away
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "FAKE_QUANT",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/fake_quant.cc, internal/quantization_util.cc NudgeQuantizationRange, "
    "FakeQuantizeArray",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}


@dataclass(frozen=True)
class Params:
    """low, high: the reals of the lowest and the highest code."""

    scale: np.float32
    low: np.float32
    high: np.float32

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: float32 -> the same."""
        steps = (np.minimum(self.high, np.maximum(self.low, x)) - self.low) * (np.float32(1) / self.scale)
        return round_half_away(arrays, steps) * self.scale + self.low


def prepare(node: Node, profile: Profile) -> Params:
    """The nudged grid. Raises Unsupported for types, narrow ranges, and ranges that do not hold 0."""
    unary.alike(node, SPEC, profile, TYPES)
    low, high = np.float32(node.options["min"]), np.float32(node.options["max"])
    bits = int(node.options["num_bits"])
    if node.options.get("narrow_range"):
        raise node.unsupported("no runtime has narrow_range")
    if not (low <= 0 <= high and low < high and np.isfinite(high - low) and 1 <= bits <= 16):
        raise node.unsupported(
            f"min <= 0 <= max, min < max and 1 to 16 bits are wanted, received {low}, {high}, {bits}"
        )
    most = np.float32(2**bits - 1)
    scale = (high - low) / most
    zero_point = np.clip(round_half_away(arrays, np.float32(0) - low / scale), np.float32(0), most)
    return Params(scale, (np.float32(0) - zero_point) * scale, (most - zero_point) * scale)


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: float32 of any shape -> the same."""
    return params(x)
