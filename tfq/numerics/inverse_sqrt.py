"""1 / sqrt(v) of whole numbers, in the fixed point of RSQRT and L2_NORMALIZATION.

Source: google-ai-edge/LiteRT tflite/kernels/internal/common.h GetInvSqrtQuantizedMultiplierExp.
"""

from __future__ import annotations

from tfq.numerics.fixed_point import INT32_MAX, power_of_two, rounding_divide_by_pot
from tfq.numerics.fixed_point import saturating_rounding_doubling_high_mul as high_mul
from tfq.numerics.gemmlowp import count_leading_zeros, saturating_shift_left

_HALF_OF_THREE = 402653184  # 3 / 2 with three integer bits
_HALF_OF_SQRT_2 = 1518500250  # no integer bits


def inverse_sqrt(xp, v):
    """(multiplier, shift), int64, with 1 / sqrt(v) ~ multiplier * 2**(shift - 31), for 0 <= v < 2**31.

    0 and 1 give the largest multiplier. Five Newton-Raphson steps: x = x * (3 - v * x**2) / 2.
    """
    v = xp.cast(v, "int64")
    small = v <= 1
    v, right = _below_2_to_29(xp, xp.where(small, xp.zeros_like(v) + 1, v))
    pairs = (count_leading_zeros(xp, v) - 1) // 2 - 1
    right = right - pairs
    half = rounding_divide_by_pot(xp, v * power_of_two(xp, pairs * 2) // 2, 1)
    x = xp.zeros_like(v) + 2**28
    for _ in range(5):
        cube = saturating_shift_left(xp, high_mul(xp, high_mul(xp, x, x), x), 6)
        x = saturating_shift_left(xp, high_mul(xp, x, _HALF_OF_THREE) - high_mul(xp, half, cube), 3)
    x = high_mul(xp, x, _HALF_OF_SQRT_2) * power_of_two(xp, xp.maximum(-right, 0))
    zero = xp.zeros_like(v)
    return xp.where(small, zero + INT32_MAX, x), xp.where(small, zero, xp.minimum(-right, 0))


def _below_2_to_29(xp, v):
    right = xp.zeros_like(v) + 11
    for _ in range(2):  # from below 2**31
        large = v >= 2**29
        v, right = xp.where(large, v // 4, v), right + xp.cast(large, "int64")
    return v, right
