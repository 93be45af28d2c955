"""The logarithm of LOG_SOFTMAX, in fixed point.

x = z * r with z a power of two and r near 1, by two candidates (x itself, and x * sqrt(1/2)) of which the larger power
is taken; then log(r) is a rational function of q = 2 * (r - (1/2)**(1/4)).

Source: google-ai-edge/LiteRT tflite/kernels/internal/common.h log_x_for_x_greater_than_or_equal_to_1_impl.
"""

from __future__ import annotations

from tfq.numerics.fixed_point import power_of_two, rounding_divide_by_pot
from tfq.numerics.fixed_point import saturating_rounding_doubling_high_mul as high_mul
from tfq.numerics.gemmlowp import INT32_MAX, INT32_MIN, count_leading_zeros, one_over_one_plus_x

_LOG_2, _SQRT_HALF, _FOURTH_ROOT_OF_HALF = 1488522236, 1518500250, 1805811301
_ALPHA_N, _ALPHA_D, _ALPHA_I, _ALPHA_F = 117049297, 127690142, 1057819769, 638450708
# The result gathers with one integer bit more than it has.
_GATHER_BITS = 6
_QUARTER = 2 ** (29 - _GATHER_BITS)


def log(xp, x, integer_bits: int):
    """log(x) with 5 integer bits, int64; x: raw, at least 1, with that many integer bits."""
    x = xp.cast(x, "int64")
    zeros = count_leading_zeros(xp, x)
    scaled = _saturate(xp, x * power_of_two(xp, xp.maximum(zeros - 1, 0)))
    r_whole = _saturate(xp, high_mul(xp, scaled, _SQRT_HALF) * 2)
    power_whole = _saturate(xp, _power(xp, integer_bits - zeros) + _QUARTER)
    zeros = count_leading_zeros(xp, high_mul(xp, x, _SQRT_HALF)) - 1
    r_root = _saturate(xp, x * power_of_two(xp, zeros))
    power_root = _saturate(xp, _power(xp, integer_bits - zeros) - _QUARTER)
    r, power = xp.minimum(r_whole, r_root), xp.maximum(power_whole, power_root)
    p = _half_sum(xp, r, _FOURTH_ROOT_OF_HALF)
    q = (r - _FOURTH_ROOT_OF_HALF) * 2
    square = high_mul(xp, q, q)
    numerator = high_mul(xp, q, r) + high_mul(xp, high_mul(xp, q, square), _ALPHA_N)
    denominator = high_mul(xp, p, q + high_mul(xp, square, _ALPHA_D) + _ALPHA_I) + high_mul(xp, q, _ALPHA_F)
    numerator = rounding_divide_by_pot(xp, numerator, _GATHER_BITS)
    whole = high_mul(xp, power, _LOG_2)
    return _saturate(xp, (whole + high_mul(xp, numerator, one_over_one_plus_x(xp, denominator))) * 2)


def _power(xp, exponent):
    return _saturate(xp, exponent * 2 ** (31 - _GATHER_BITS))


def _saturate(xp, x):
    return xp.clip(x, INT32_MIN, INT32_MAX)


def _half_sum(xp, a, b):
    """(a + b) / 2, halves away from zero."""
    total = a + b
    return xp.where(total >= 0, (total + 1) // 2, -((1 - total) // 2))
