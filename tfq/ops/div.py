"""DIV: y = clamp((a - a_zero) / (b - b_zero) * a_scale / (b_scale * y_scale) + y_zero), in integers.

int8, uint8, int16 (tflm: int8): the signs are turned where the divisor is negative; with (r, s) its fixed-point
reciprocal and h the spare bits of the dividend, q = high half of (dividend * 2**h) * r; y = round(high half of
q * m / 2**(s + h - e)), halves away from zero, with m, e the 31-bit multiplier of the float32 ratio
a_scale / (b_scale * y_scale). Where s + h - e leaves 0..31 the kernels shift by it all the same (see beyond_shifts).
A divisor equal to its zero point is refused while running, as LiteRT does; TFLite Micro has no result there.
int32: a / b cut towards zero, clamped. float32: a / b, clamped; XNNPACK takes it.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from tfq.numerics import arrays, gemmlowp
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import power_of_two, quantize_multiplier, wrap32
from tfq.numerics.fixed_point import saturating_rounding_doubling_high_mul as high_mul
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, activation_bounds
from tfq.ops.beyond_shifts import rounding_divide_by_pot_anywhere
from tfq.ops.binary import all_types, grids, params_of, require_types
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.divisor import Params, evaluate, overflow_checked, unchecked, zero_checked
from tfq.ops.plain import plain, require_unscaled

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT32", "FLOAT32")}

SPEC = Spec(
    "DIV",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/div.cc, internal/reference/div.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/div.cc",
)

stacks = rows_apart


class Constants(NamedTuple):
    """multiplier and shift: of the ratio of scales."""

    zero_points: tuple[int, int, int]
    multiplier: np.ndarray
    shift: np.ndarray
    bounds: tuple[int, int]


def ratio_of(a: Affine, b: Affine, out: Affine) -> np.float64:
    """a_scale / (b_scale * y_scale) in float32; infinity where the divisor vanishes."""
    with np.errstate(all="ignore"):
        return np.float64(np.float32(a.scale) / (np.float32(b.scale) * np.float32(out.scale)))


def constants(a: Affine, b: Affine, out: Affine, activation: str) -> Constants:
    """The constants of a quotient."""
    low, high = activation_bounds(arrays, LITERT, activation, out)
    multiplier, shift = quantize_multiplier(arrays, ratio_of(a, b, out))
    points = (int(a.zero_point), int(b.zero_point), int(out.zero_point))
    return Constants(points, multiplier, shift, (int(low), int(high)))


def spare_bits(x: np.ndarray) -> np.ndarray:
    """Bits below the sign that only repeat it: gemmlowp CountLeadingSignBits of 32-bit numbers."""
    return gemmlowp.count_leading_zeros(arrays, np.where(x < 0, -2 * x - 1, x)) - (x >= 0)


def integers(constants: Constants, qa: np.ndarray, qb: np.ndarray) -> np.ndarray:
    """Stored integers of the quotient; where the divisor is zero, anything."""
    b = qb.astype(np.int64) - constants.zero_points[1]
    a = (qa.astype(np.int64) - constants.zero_points[0]) * np.where(b < 0, -1, 1)
    reciprocal, bits = gemmlowp.reciprocal(arrays, np.maximum(np.abs(b), 1), 31)
    spare = spare_bits(a)
    quotient = high_mul(arrays, wrap32(arrays, a * power_of_two(arrays, spare)), reciprocal)
    y = high_mul(arrays, quotient, constants.multiplier)
    y = rounding_divide_by_pot_anywhere(y, bits + spare - constants.shift)
    return np.clip(y + constants.zero_points[2], *constants.bounds)


def towards_zero(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whole quotients cut towards zero, as C divides; b is not 0."""
    return np.sign(a) * np.sign(b) * (np.abs(a.astype(np.int64)) // np.abs(b.astype(np.int64)))


def _numbers(node: Node, profile: Profile) -> Params:
    return unchecked(node, plain(node, profile, np.divide))


def _whole_numbers(node: Node, profile: Profile) -> Params:
    return overflow_checked(node, plain(node, profile, towards_zero))


def _unscaled_whole_numbers(node: Node, profile: Profile) -> Params:
    require_unscaled(node, *node.inputs)
    return _whole_numbers(node, profile)


INT32 = {LITERT: _whole_numbers, XNNPACK: _whole_numbers, TFLM: _unscaled_whole_numbers}


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the quotient. Raises Unsupported for types and shapes that the profile's kernel does not take."""
    type_ = require_types(node, profile, TYPES)
    if type_ == "FLOAT32":
        return _numbers(node, profile)
    if type_ == "INT32":
        return INT32[profile](node, profile)
    a, b, out = grids(node)
    if not np.isfinite(ratio_of(a, b, out)):
        raise node.unsupported("first input scale / (second input scale * output scale) exceeds float32")
    fixed = constants(a, b, out, node.options.get("fused_activation_function", "NONE"))
    return zero_checked(node, params_of(node, partial(integers, fixed)), int(b.zero_point))
