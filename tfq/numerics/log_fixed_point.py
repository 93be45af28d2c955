"""The logarithm of LOG_SOFTMAX, in fixed point.

x = z * r with z a power of two and r near 1, by two candidates (x itself, and x * sqrt(1/2)) of which the larger power
is taken; then log(r) is a rational function of q = 2 * (r - (1/2)**(1/4)).

Source: google-ai-edge/LiteRT tflite/kernels/internal/common.h log_x_for_x_greater_than_or_equal_to_1_impl.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import rounding_divide_by_pot
from tfq.numerics.fixed_point import saturating_rounding_doubling_high_mul as high_mul
from tfq.numerics.gemmlowp import INT32_MAX, INT32_MIN, count_leading_zeros, one_over_one_plus_x

_LOG_2, _SQRT_HALF, _FOURTH_ROOT_OF_HALF = 1488522236, 1518500250, 1805811301
_ALPHA_N, _ALPHA_D, _ALPHA_I, _ALPHA_F = 117049297, 127690142, 1057819769, 638450708
# The result gathers with one integer bit more than it has.
_GATHER_BITS = 6


def log(x: np.ndarray, integer_bits: int) -> np.ndarray:
    """log(x) with 5 integer bits, int64; x: raw, at least 1, with that many integer bits."""
    x = np.asarray(x, np.int64)
    quarter = rounding_divide_by_pot(arrays, np.int64(2**29), _GATHER_BITS)
    zeros = count_leading_zeros(arrays, x)
    r_whole = _saturate(_mul(_saturate(x << np.maximum(zeros - 1, 0)), _SQRT_HALF) * 2)
    power_whole = _saturate(_power(integer_bits - zeros) + quarter)
    zeros = count_leading_zeros(arrays, _mul(x, _SQRT_HALF)) - 1
    r_root = _saturate(x << zeros)
    power_root = _saturate(_power(integer_bits - zeros) - quarter)
    r, power = np.minimum(r_whole, r_root), np.maximum(power_whole, power_root)
    p = _half_sum(r, _FOURTH_ROOT_OF_HALF)
    q = 2 * (r - _FOURTH_ROOT_OF_HALF)
    square = _mul(q, q)
    numerator = _mul(q, r) + _mul(_mul(q, square), _ALPHA_N)
    denominator = _mul(p, _ALPHA_I + q + _mul(_ALPHA_D, square)) + _mul(_ALPHA_F, q)
    numerator = rounding_divide_by_pot(arrays, numerator, _GATHER_BITS)
    return _saturate((_mul(power, _LOG_2) + _mul(numerator, one_over_one_plus_x(arrays, denominator))) * 2)


def _power(exponent):
    return _saturate(exponent << (31 - _GATHER_BITS))


def _mul(a, b):
    return high_mul(arrays, a, b)


def _saturate(x):
    return np.clip(x, INT32_MIN, INT32_MAX)


def _half_sum(a, b):
    """(a + b) / 2, halves away from zero."""
    total = a + b
    return np.where(total >= 0, (total + 1) // 2, -((1 - total) // 2))
