"""Exponentials of the 256 differences max - q that 8-bit codes can have: what SOFTMAX and LOG_SOFTMAX share.

Fixed point: exp(-x) of x = step * difference with 5 integer bits; none where x does not fit into them; rows are summed
with 12 integer bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays, gemmlowp, tables
from tfq.numerics.fixed_point import (
    power_of_two,
    quantize_multiplier,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap32,
)

INTEGER_BITS, SUM_INTEGER_BITS = 5, 12


class Scaled(NamedTuple):
    """raw: int64 [256], -x of each difference. fits: whether x fits. multiplier, shift: of the step."""

    raw: Any
    fits: Any
    multiplier: Any
    shift: Any


def scaled_differences(xp, step) -> Scaled:
    """The arguments of the exponentials; step: float64, real units per code."""
    multiplier, shift = quantize_multiplier(xp, xp.minimum(step * 2.0 ** (31 - INTEGER_BITS), 2.0**31 - 1))
    left = power_of_two(xp, xp.maximum(shift, 0))
    difference = xp.arange(0, 256, dtype="int64")
    raw = saturating_rounding_doubling_high_mul(xp, wrap32(xp, -difference * left), multiplier)
    return Scaled(raw, difference <= (31 * 2 ** (31 - INTEGER_BITS)) // left, multiplier, shift)


def fixed_point(xp, scaled: Scaled):
    """Raw exponentials, int64 [256], no integer bits."""
    exponential = gemmlowp.exp_on_negative_values(xp, scaled.raw, INTEGER_BITS)
    return xp.where(scaled.fits, exponential, xp.zeros_like(exponential))


def float32(xp, inp, beta):
    """float32 exponentials [256]."""
    per_step = -xp.cast(inp.scale, "float32") * xp.cast(beta, "float32")
    return tables.exp(xp, per_step * xp.arange(0, 256, dtype="float32"))


def below_largest(xp, q):
    """max - q along the last axis, int32."""
    q = xp.cast(q, "int32")
    return xp.max(q, axis=-1, keepdims=True) - q


def sum_q12(xp, exponentials, difference):
    """The sum of each row's exponentials with 12 integer bits, int64 [..., 1]."""
    rounded = rounding_divide_by_pot(xp, exponentials, SUM_INTEGER_BITS)
    return xp.sum(xp.take(rounded, difference), axis=-1, keepdims=True)


def sums_below(limit: int, exponentials: np.ndarray, q: np.ndarray) -> bool:
    """Whether the exponentials of every row add up to less than `limit`; NumPy only."""
    if q.shape[-1] < limit:
        return True
    sums = sum_q12(arrays, exponentials, below_largest(arrays, q))
    return bool(np.all(sums < limit * 2 ** (31 - SUM_INTEGER_BITS)))
