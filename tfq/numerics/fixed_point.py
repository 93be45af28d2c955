"""Rounding rules and fixed-point multipliers of the built-in kernels of LiteRT and TFLite Micro, over int64 arrays.

Each function is one rounding rule. Left shifts are products with a power of two, so that any namespace can do them.

Sources: google/gemmlowp fixedpoint/fixedpoint.h; google-ai-edge/LiteRT tflite/kernels/internal/common.cc and
quantization_util.cc; tensorflow/tflite-micro tensorflow/lite/kernels/internal/common.cc. The wheels are built with
TFLITE_SINGLE_ROUNDING=0: two roundings.
"""

from __future__ import annotations

import numpy as np

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
_POWERS = 2 ** np.arange(63, dtype=np.int64)


def power_of_two(xp, exponent):
    """2 ** exponent as int64, for 0 <= exponent <= 62 (int array or int)."""
    return xp.take(xp.asarray(_POWERS, "int64"), xp.cast(exponent, "int32"))


def round_half_away(xp, x):
    """std::round: halves away from zero, in x's own float type. Exact: trunc(x) and x - trunc(x) are."""
    whole = xp.trunc(x)
    return whole + xp.where(xp.abs(x - whole) >= 0.5, xp.sign(x), xp.zeros_like(x))


def wrap32(xp, x):
    """int64 modulo 2**32 into int32's range, as C's int32 arithmetic does in these kernels."""
    return xp.bitwise_and(x + 2**31, 2**32 - 1) - 2**31


def quantize_multiplier(xp, real):
    """(multiplier, shift) with real ~ multiplier * 2**(shift - 31), multiplier in [2**30, 2**31).

    Args: real: float64, not negative, any shape. Returns two int64 arrays; (0, 0) for 0 and for real below 2**-32.
    Source: LiteRT tflite/kernels/internal/quantization_util.cc QuantizeMultiplier.
    """
    fraction, exponent = xp.frexp(real)
    multiplier = xp.cast(round_half_away(xp, fraction * 2.0**31), "int64")
    shift = xp.cast(exponent, "int64")
    full = multiplier >= 2**31
    multiplier = xp.where(full, multiplier // 2, multiplier)
    shift = xp.where(full, shift + 1, shift)
    lost = shift < -31
    return xp.where(lost, xp.zeros_like(multiplier), multiplier), xp.where(lost, xp.zeros_like(shift), shift)


def saturating_rounding_doubling_high_mul(xp, a, b):
    """(a * b + 2**30) >> 31 with the one overflow saturated; ties toward +infinity. gemmlowp SRDHM."""
    high = xp.right_shift(a * b + 2**30, xp.asarray(31, "int64"))
    return xp.minimum(high, INT32_MAX)


def rounding_divide_by_pot(xp, x, exponent):
    """x / 2**exponent, halves away from zero, 0 <= exponent <= 31. gemmlowp RoundingDivideByPOT."""
    nudge = power_of_two(xp, xp.maximum(exponent - 1, 0))
    nudge = nudge - xp.cast(x < 0, "int64")
    shifted = xp.right_shift(x + nudge, xp.cast(exponent, "int64"))
    return xp.where(exponent > 0, shifted, x)


def multiply_by_quantized_multiplier(xp, x, multiplier, shift):
    """x * multiplier * 2**(shift - 31) with two roundings; the left shift wraps at 32 bits. MBQM, the DBL form."""
    left = power_of_two(xp, xp.maximum(shift, 0))
    high = saturating_rounding_doubling_high_mul(xp, wrap32(xp, x * left), multiplier)
    return rounding_divide_by_pot(xp, high, xp.maximum(-shift, 0))


def multiply_by_quantized_multiplier_64(xp, x, multiplier, shift):
    """The form for 64-bit accumulators: a 15-bit multiplier and one rounding, ties to +infinity."""
    reduced = xp.where(multiplier < 0x7FFF0000, xp.right_shift(multiplier + 2**15, xp.asarray(16, "int64")), 0x7FFF)
    total = 15 - shift
    return wrap32(xp, xp.right_shift(x * reduced + power_of_two(xp, total - 1), xp.cast(total, "int64")))
