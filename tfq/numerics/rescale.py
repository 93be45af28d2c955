"""From an int32 accumulator to stored integers: the requantizations of the three runtimes, and their constants.

A `Rescale` is a pair of functions: `constants(xp, input_scale, weight_scale, output_scale)` once, then
`apply(xp, acc, constants)` for each accumulator. `apply` gives whole numbers before the zero point and the clamp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import fixed_point
from tfq.numerics.affine import divide


@dataclass(frozen=True)
class Rescale:
    """How a product of two scaled operands is brought to the output's scale."""

    constants: Callable[..., Any]
    apply: Callable[..., Any]


def float32_constants(xp, input_scale, weight_scale, output_scale):
    """f32(f32(s_in * s_w) / s_out). Source: google/XNNPACK src/subgraph, requantization scale in float."""
    return divide(xp, weight_scale * input_scale, output_scale)


def float32_apply(xp, acc, multiplier):
    """round half to even of f32(acc) * multiplier. Source: google/XNNPACK src/xnnpack/requantization.h (fp32)."""
    return xp.round(xp.cast(acc, "float32") * multiplier)


def double_constants(xp, input_scale, weight_scale, output_scale):
    """(multiplier, shift) of f64(s_in) * f64(s_w) / f64(s_out)."""
    real = _f64(xp, input_scale) * _f64(xp, weight_scale) / _f64(xp, output_scale)
    return fixed_point.quantize_multiplier(xp, real)


def single_product_constants(xp, input_scale, weight_scale, output_scale):
    """(multiplier, shift) of f64(f32(s_in * s_w)) / f64(s_out): uint8 convolutions and BATCH_MATMUL in LiteRT."""
    real = _f64(xp, _f32(xp, input_scale) * _f32(xp, weight_scale)) / _f64(xp, output_scale)
    return fixed_point.quantize_multiplier(xp, real)


def single_ratio_constants(xp, input_scale, weight_scale, output_scale):
    """(multiplier, shift) of f32(f32(s1 * s2) / s_out): MUL in LiteRT."""
    real = divide(xp, _f32(xp, input_scale) * _f32(xp, weight_scale), _f32(xp, output_scale))
    return fixed_point.quantize_multiplier(xp, _f64(xp, real))


def single_or_double_constants(xp, input_scale, weight_scale, output_scale):
    """single_product_constants for one weight scale, double_constants for several: LiteRT's FULLY_CONNECTED."""
    one = np.ndim(weight_scale) == 0
    return (single_product_constants if one else double_constants)(xp, input_scale, weight_scale, output_scale)


def two_rounding_apply(xp, acc, constants):
    """The double-rounding fixed-point product of the built-in kernels; acc: whole numbers that fit int32."""
    return fixed_point.multiply_by_quantized_multiplier(xp, xp.cast(acc, "int64"), *constants)


def half_up_apply(xp, acc, constants):
    """As two_rounding_apply, but halves up both times: the vector code behind LiteRT's optimized kernels on x86.

    Source: google-ai-edge/LiteRT tflite/kernels/internal/common.h (NEON MultiplyByQuantizedMultiplier, through an
    emulation header); google/ruy.
    """
    multiplier, shift = constants
    left, right = (fixed_point.power_of_two(xp, xp.maximum(e, 0)) for e in (shift, -shift))
    acc = fixed_point.wrap32(xp, xp.cast(acc, "int64") * left)
    high = fixed_point.saturating_rounding_doubling_high_mul(xp, acc, multiplier)
    return xp.floor_divide(high + right // 2, right)


def half_up_vectors_apply(xp, acc, constants):
    """half_up_apply for channels that fill vectors of 8, two_rounding_apply for the last channels % 8. NumPy only."""
    channels = acc.shape[-1]
    whole = channels - channels % 8
    constants = [np.broadcast_to(c, channels) for c in constants]
    head = half_up_apply(xp, acc[..., :whole], [c[:whole] for c in constants])
    tail = two_rounding_apply(xp, acc[..., whole:], [c[whole:] for c in constants])
    return np.concatenate([head, tail], axis=-1)


def fifteen_bits_apply(xp, acc, constants):
    """A 15-bit multiplier, one rounding, halves up: int16 kernels with 64-bit accumulators. acc: int64."""
    return fixed_point.multiply_by_quantized_multiplier_64(xp, xp.cast(acc, "int64"), *constants)


def float64_constants(xp, input_scale, weight_scale, output_scale):
    """f64(s_in) * f64(s_w) / f64(s_out), kept as float64."""
    return _f64(xp, input_scale) * _f64(xp, weight_scale) / _f64(xp, output_scale)


def float64_apply(xp, acc, real):
    """Halves away from zero of f64(acc) * real: LiteRT's reference FULLY_CONNECTED."""
    return fixed_point.round_half_away(xp, _f64(xp, acc) * real)


def _f64(xp, x):
    return xp.cast(x, "float64")


def _f32(xp, x):
    return xp.cast(x, "float32")


FLOAT32 = Rescale(float32_constants, float32_apply)
TWO_ROUNDINGS = Rescale(double_constants, two_rounding_apply)
TWO_ROUNDINGS_SINGLE_PRODUCT = Rescale(single_product_constants, two_rounding_apply)
TWO_ROUNDINGS_SINGLE_RATIO = Rescale(single_ratio_constants, two_rounding_apply)
FLOAT64_AWAY = Rescale(float64_constants, float64_apply)
HALVES_UP = Rescale(double_constants, half_up_apply)
HALVES_UP_SINGLE_PRODUCT = Rescale(single_product_constants, half_up_apply)
HALVES_UP_DENSE = Rescale(single_or_double_constants, half_up_apply)
HALVES_UP_VECTORS = Rescale(double_constants, half_up_vectors_apply)
FIFTEEN_BITS = Rescale(double_constants, fifteen_bits_apply)
FIFTEEN_BITS_SINGLE_PRODUCT = Rescale(single_product_constants, fifteen_bits_apply)
FIFTEEN_BITS_DENSE = Rescale(single_or_double_constants, fifteen_bits_apply)
