"""1 / sqrt(v) of whole numbers, in the fixed point of RSQRT and L2_NORMALIZATION.

Source: google-ai-edge/LiteRT tflite/kernels/internal/common.h GetInvSqrtQuantizedMultiplierExp.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import INT32_MAX, rounding_divide_by_pot
from tfq.numerics.fixed_point import saturating_rounding_doubling_high_mul as high_mul
from tfq.numerics.gemmlowp import count_leading_zeros, saturating_shift_left

_HALF_OF_THREE = 402653184  # 3 / 2 with three integer bits
_HALF_OF_SQRT_2 = 1518500250  # no integer bits


def inverse_sqrt(v) -> tuple[np.ndarray, np.ndarray]:
    """(multiplier, shift), int64, with 1 / sqrt(v) ~ multiplier * 2**(shift - 31), for 0 <= v < 2**31.

    0 and 1 give the largest multiplier. Five Newton-Raphson steps: x = x * (3 - v * x**2) / 2.
    """
    small = np.asarray(v, np.int64) <= 1
    v, right = _below_2_to_29(np.where(small, 1, v))
    pairs = (count_leading_zeros(arrays, v) - 1) // 2 - 1
    right = right - pairs
    half = rounding_divide_by_pot(arrays, v * 4**pairs >> 1, 1)
    x = np.full_like(v, 2**28)
    for _ in range(5):
        cube = saturating_shift_left(arrays, _mul(_mul(x, x), x), 6)
        x = saturating_shift_left(arrays, _mul(_HALF_OF_THREE, x) - _mul(half, cube), 3)
    x = _mul(x, _HALF_OF_SQRT_2)
    x, right = np.where(right < 0, x << np.maximum(-right, 0), x), np.maximum(right, 0)
    return np.where(small, INT32_MAX, x), np.where(small, 0, -right)


def _mul(a, b):
    return high_mul(arrays, a, b)


def _below_2_to_29(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    right = np.full_like(v, 11)
    for _ in range(2):  # from below 2**31
        large = v >= 2**29
        v, right = np.where(large, v // 4, v), right + large
    return v, right
