"""Sigmoid and tanh in 16-bit fixed point, as LiteRT's optimized int16 kernels and its integer LSTM compute them.

Values are raw int16 numbers held in int64 arrays; with b integer bits, raw stands for raw * 2**(b - 15). Products round
halves up, as the vector instruction does, and the scalar code too: nudge and cut towards zero come to the same.

Source: google/gemmlowp fixedpoint/fixedpoint.h, fixedpoint_sse.h; LiteRT kernels/internal/optimized/optimized_ops.h.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import arrays
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


def high_mul(a, b):
    """a * b / 2**15, halves up."""
    return _saturate((a * b + 2**14) >> 15)


def logistic(a) -> np.ndarray:
    """1 / (1 + exp(-a)) with no integer bits, for 3 integer bits in."""
    positive = _shift_left(_half_over_one_plus_x(_exp_on_negative_values(-np.abs(a), 3)), 1)
    return np.where(a > 0, positive, np.where(a < 0, INT16_MAX - positive, 2**14))


def tanh(a, integer_bits: int = 3) -> np.ndarray:
    """tanh(a) with no integer bits, for 0 to 6 integer bits in."""
    size = _shift_left(_half_over_one_plus_x(_exp_on_negative_values(-np.abs(a), integer_bits + 1)) - 2**13, 2)
    return np.sign(a) * size


def _saturate(x):
    return np.clip(x, INT16_MIN, INT16_MAX)


def _shift_left(x, exponent: int):
    return _saturate(x * 2**exponent)


def _constant(raw: int) -> int:
    """A 32-bit constant rounded to 16 bits."""
    return (raw + 2**15) >> 16


def _exp_on_last_quarter(a):
    """exp(a) for -1/4 <= a < 0, no integer bits in or out: a polynomial of degree 4 around -1/8."""
    x = a + 2**12
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4 = high_mul(x2, x2)
    tail = high_mul(rounding_divide_by_pot(arrays, x4, 2) + x3, _constant(715827883)) + x2
    tail = rounding_divide_by_pot(arrays, tail, 1)
    of_minus_eighth = _constant(1895147668)
    return _saturate(of_minus_eighth + high_mul(x + tail, of_minus_eighth))


def _exp_on_negative_values(a, integer_bits: int):
    """exp(a) for a <= 0 with that many integer bits; none out."""
    fraction_bits = 15 - integer_bits
    quarter = 2 ** (fraction_bits - 2)
    last_quarter = (a & (quarter - 1)) - quarter
    result = _exp_on_last_quarter(_shift_left(last_quarter, integer_bits))
    split_off = last_quarter - a
    for power, raw in _EXP_OF_MINUS_POWER:
        if integer_bits > power:
            has_power = (split_off & (2 ** (fraction_bits + power))) > 0
            result = np.where(has_power, high_mul(result, _constant(raw)), result)
    if integer_bits > 5:
        result = np.where(a < -(2 ** (fraction_bits + 5)), 0, result)
    return np.where(a < 0, result, INT16_MAX)


def _half_over_one_plus_x(a):
    """1 / (1 + a) with one integer bit, for 0 <= a < 1 with none: three Newton-Raphson steps."""
    half_denominator = (a + INT16_MAX + 1) >> 1
    x = _constant(1515870810) + high_mul(half_denominator, _constant(-1010580540))
    for _ in range(3):
        error = 2**13 - high_mul(half_denominator, x)
        x = x + _shift_left(high_mul(x, error), 2)
    return x
