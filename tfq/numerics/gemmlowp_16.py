"""Sigmoid and tanh in 16-bit fixed point, as LiteRT's optimized int16 kernels and its integer LSTM compute them.

Values are raw int16 numbers held in int64 arrays; with b integer bits, raw stands for raw * 2**(b - 15). Products round
halves up, as the vector instruction does, and the scalar code too: nudge and cut towards zero come to the same.

Source: google/gemmlowp fixedpoint/fixedpoint.h, fixedpoint_sse.h; LiteRT kernels/internal/optimized/optimized_ops.h.
"""

from __future__ import annotations

from tfq.numerics.fixed_point import rounding_divide_by_pot

INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1

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


def high_mul(xp, a, b):
    """a * b / 2**15, halves up."""
    return _saturate(xp, xp.right_shift(a * b + 2**14, xp.asarray(15, "int64")))


def logistic(xp, a):
    """1 / (1 + exp(-a)) with no integer bits, for 3 integer bits in."""
    positive = _shift_left(xp, _half_over_one_plus_x(xp, _exp_on_negative_values(xp, -xp.abs(a), 3)), 1)
    return xp.where(a > 0, positive, xp.where(a < 0, INT16_MAX - positive, xp.zeros_like(a) + 2**14))


def tanh(xp, a, integer_bits: int = 3):
    """tanh(a) with no integer bits, for 0 to 6 integer bits in."""
    half = _half_over_one_plus_x(xp, _exp_on_negative_values(xp, -xp.abs(a), integer_bits + 1))
    return xp.sign(a) * _shift_left(xp, half - 2**13, 2)


def _saturate(xp, x):
    return xp.clip(x, INT16_MIN, INT16_MAX)


def _shift_left(xp, x, exponent: int):
    return _saturate(xp, x * 2**exponent)


def _constant(raw: int) -> int:
    """A 32-bit constant rounded to 16 bits."""
    return (raw + 2**15) >> 16


def _exp_on_last_quarter(xp, a):
    """exp(a) for -1/4 <= a < 0, no integer bits in or out: a polynomial of degree 4 around -1/8."""
    x = a + 2**12
    x2 = high_mul(xp, x, x)
    x3 = high_mul(xp, x2, x)
    x4 = high_mul(xp, x2, x2)
    tail = high_mul(xp, rounding_divide_by_pot(xp, x4, 2) + x3, _constant(715827883)) + x2
    tail = rounding_divide_by_pot(xp, tail, 1)
    of_minus_eighth = _constant(1895147668)
    return _saturate(xp, high_mul(xp, x + tail, of_minus_eighth) + of_minus_eighth)


def _exp_on_negative_values(xp, a, integer_bits: int):
    """exp(a) for a <= 0 with that many integer bits; none out."""
    fraction_bits = 15 - integer_bits
    quarter = 2 ** (fraction_bits - 2)
    last_quarter = xp.bitwise_and(a, quarter - 1) - quarter
    result = _exp_on_last_quarter(xp, _shift_left(xp, last_quarter, integer_bits))
    split_off = last_quarter - a
    for power, raw in _EXP_OF_MINUS_POWER:
        if integer_bits > power:
            has_power = xp.bitwise_and(split_off, 2 ** (fraction_bits + power)) > 0
            result = xp.where(has_power, high_mul(xp, result, _constant(raw)), result)
    if integer_bits > 5:
        result = xp.where(a < -(2 ** (fraction_bits + 5)), xp.zeros_like(result), result)
    return xp.where(a < 0, result, xp.zeros_like(result) + INT16_MAX)


def _half_over_one_plus_x(xp, a):
    """1 / (1 + a) with one integer bit, for 0 <= a < 1 with none: three Newton-Raphson steps."""
    half_denominator = xp.right_shift(a + (INT16_MAX + 1), xp.asarray(1, "int64"))
    x = high_mul(xp, half_denominator, _constant(-1010580540)) + _constant(1515870810)
    for _ in range(3):
        error = 2**13 - high_mul(xp, half_denominator, x)
        x = x + _shift_left(xp, high_mul(xp, x, error), 2)
    return x
