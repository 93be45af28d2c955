"""LOGISTIC and TANH of 16-bit codes, from one table of sigmoid(i / 24) with 16 fraction bits.

    v = q * multiplier / 2**shift, halves up: x in steps of 1 / (3 * 4096); the table's points lie 512 of them apart
    logistic: y = (t[i] * 512 + f * (t[i + 1] - t[i]) + 512) >> 10     i = |v| >> 9, f = |v| & 511; 1 - y for v < 0
    tanh(x) = 2 * sigmoid(2 * x) - 1 in the same table: i = |v| >> 8, f = |v| & 255

Input scales of 2**-12 (tanh: 2**-11 too) have the multiplier 3 (6), exact; others are taken to 15 bits and truncated.

Source: google-ai-edge/LiteRT and tensorflow/tflite-micro, kernels/internal/reference/integer_ops/logistic.h, tanh.h;
LiteRT kernels/internal/common.h sigmoid_table_uint16; kernels/activations.cc SigmoidPrepare, TanhPrepare.
"""

from __future__ import annotations

import math

import numpy as np

# Where the source's table is 1 above the rounded sigmoid.
_ONE_ABOVE = (
    *(4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45),
    *(46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255),
)


def _table() -> np.ndarray:
    sigmoid = 1 / (1 + np.exp(-np.arange(256) / 24))
    table = np.minimum(np.round(65536 * sigmoid), 65535).astype(np.int64)
    table[list(_ONE_ABOVE)] += 1
    return np.minimum(table, 65535)


TABLE = _table()


def input_multiplier(scale: float, exact_shifts: tuple[int, ...]) -> tuple[int, int]:
    """(multiplier, right shift) that bring a code to steps of 1 / (3 * 4096).

    exact_shifts: powers s for which a scale of 2**(s - 12) needs no rounding: (0,) for LOGISTIC, (0, 1) for TANH.
    """
    power = power_of_two(scale)
    if power is not None and power + 12 in exact_shifts:
        return 3 << (power + 12), 0
    multiplier, shift = float(scale) * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    return int(multiplier), shift


def power_of_two(scale: float) -> int | None:
    """log2 of the scale where it is whole, up to 0.001, as the kernels check it."""
    real = math.log2(scale)
    power = math.floor(real + 0.5)
    return power if abs(real - power) < 1e-3 else None


def logistic(q, multiplier: int, shift: int) -> np.ndarray:
    """Stored outputs on 1/32768, int64, of centred codes q."""
    v = _steps(q, multiplier, shift)
    size = np.abs(v)
    y = _interpolated(size, 9, 0x7FFF << 10)
    return np.where(v >= 0, y + 2**9, 2**25 - y + 2**9 - 1) >> 10


def tanh(q, multiplier: int, shift: int) -> np.ndarray:
    """Stored outputs on 1/32768, int64, of centred codes q."""
    v = _steps(q, multiplier, shift)
    y = _interpolated(np.abs(v), 8, 0xFFFF << 8)
    return np.where(v >= 0, y - 2**23 + 2**7, -y + 2**23 + 2**7 - 1) >> 8


def _steps(q, multiplier: int, shift: int) -> np.ndarray:
    half = 1 << (shift - 1) if shift else 0
    return (np.asarray(q, np.int64) * multiplier + half) >> shift


def _interpolated(size: np.ndarray, bits: int, saturated: int) -> np.ndarray:
    place = np.minimum(size >> bits, 254)
    here = TABLE[place]
    line = (here << bits) + (size & (2**bits - 1)) * (TABLE[place + 1] - here)
    return np.where(size >> bits >= 255, saturated, line)
