"""Exponential, reciprocal, sigmoid and tanh in fixed point, as built-in 8-bit kernels compute them.

Values are raw int32 numbers held in int64 arrays; with b integer bits, raw stands for raw * 2**(b - 31).

Sources: google/gemmlowp fixedpoint/fixedpoint.h; google-ai-edge/LiteRT tflite/kernels/internal/common.h GetReciprocal.
"""

from __future__ import annotations

from tfq.numerics.fixed_point import INT32_MAX, INT32_MIN, power_of_two, rounding_divide_by_pot
from tfq.numerics.fixed_point import saturating_rounding_doubling_high_mul as high_mul

# exp(-2**k) with no integer bits, for each power 2**k that is split off the argument.
_EXP_OF_MINUS_POWER = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
_EXP_OF_MINUS_EIGHTH = 1895147668
_THIRD = 715827883
_ONE_Q2, _48_OVER_17, _MINUS_32_OVER_17 = 2**29, 1515870810, -1010580540  # two integer bits


def saturating_shift_left(xp, x, exponent: int):
    """x * 2**exponent, saturated to int32."""
    return xp.clip(x * 2**exponent, INT32_MIN, INT32_MAX)


def count_leading_zeros(xp, x):
    """Zero bits above the highest set bit of a 32-bit number, 0 <= x < 2**32."""
    _, exponent = xp.frexp(xp.cast(x, "float64"))
    return 32 - xp.cast(exponent, "int64")


def exp_on_last_quarter(xp, a):
    """exp(a) for -1/4 <= a < 0, no integer bits in or out: a polynomial of degree 4 around -1/8."""
    x = a + 2**28
    x2 = high_mul(xp, x, x)
    x3 = high_mul(xp, x2, x)
    x4 = high_mul(xp, x2, x2)
    tail = high_mul(xp, rounding_divide_by_pot(xp, x4, 2) + x3, _THIRD) + x2
    tail = rounding_divide_by_pot(xp, tail, 1)
    return _EXP_OF_MINUS_EIGHTH + high_mul(xp, x + tail, _EXP_OF_MINUS_EIGHTH)


def exp_on_negative_values(xp, a, integer_bits: int):
    """exp(a) with no integer bits, for a <= 0 with 1 to 5 integer bits; exp(0) is the largest int32."""
    fraction_bits = 31 - integer_bits
    quarter = 2 ** (fraction_bits - 2)
    remainder_of_quarter = xp.bitwise_and(a, quarter - 1) - quarter
    result = exp_on_last_quarter(xp, saturating_shift_left(xp, remainder_of_quarter, integer_bits))
    split_off = remainder_of_quarter - a
    for power, factor in _EXP_OF_MINUS_POWER:
        if power < integer_bits:
            has_power = xp.bitwise_and(split_off, 2 ** (fraction_bits + power)) > 0
            result = xp.where(has_power, high_mul(xp, result, factor), result)
    return xp.where(a < 0, result, xp.zeros_like(result) + INT32_MAX)


def one_over_one_plus_x(xp, a):
    """1 / (1 + a) for 0 <= a < 1, no integer bits in or out."""
    return saturating_shift_left(xp, _two_over_one_plus_x(xp, a), 1)


def one_minus_x_over_one_plus_x(xp, a):
    """(1 - a) / (1 + a) for 0 <= a < 1, no integer bits in or out."""
    return saturating_shift_left(xp, _two_over_one_plus_x(xp, a) - _ONE_Q2, 2)


def reciprocal(xp, x, integer_bits: int):
    """(raw, bits) with 1 / x = raw * 2**(-31 - bits), for x > 0 with that many integer bits."""
    zeros = count_leading_zeros(xp, x)
    return one_over_one_plus_x(xp, x * power_of_two(xp, zeros) - 2**31), integer_bits - zeros


def logistic(xp, a, integer_bits: int):
    """1 / (1 + exp(-a)) with no integer bits, for 1 to 5 integer bits in."""
    positive = one_over_one_plus_x(xp, exp_on_negative_values(xp, -xp.abs(a), integer_bits))
    return xp.where(a > 0, positive, xp.where(a < 0, INT32_MAX - positive, xp.zeros_like(a) + 2**30))


def tanh(xp, a, integer_bits: int):
    """tanh(a) with no integer bits, for 1 to 4 integer bits in."""
    return xp.sign(a) * one_minus_x_over_one_plus_x(xp, exp_on_negative_values(xp, -xp.abs(a), integer_bits + 1))


def _two_over_one_plus_x(xp, a):
    """2 / (1 + a) with two integer bits, for 0 <= a < 1 with none: three Newton-Raphson steps."""
    half_denominator = (a + 2**31) // 2
    x = _48_OVER_17 + high_mul(xp, half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        error = _ONE_Q2 - high_mul(xp, half_denominator, x)
        x = x + saturating_shift_left(xp, high_mul(xp, x, error), 2)
    return x
