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

from tfq.numerics import fixed_point

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


def input_multiplier(xp, scale, exact_shifts: tuple[int, ...]):
    """(multiplier, right shift), int64, that bring a code to steps of 1 / (3 * 4096).

    exact_shifts: powers s for which a scale of 2**(s - 12) needs no rounding: (0,) for LOGISTIC, (0, 1) for TANH.
    """
    steps = xp.cast(scale, "float64") * (4096.0 * 3.0)
    fraction, exponent = xp.frexp(steps)
    # Doubled up to 31 times while not above 32767 / 2.
    doublings = 14 + xp.cast(fraction * 2.0**14 <= 32767.0 / 2.0, "int64") - xp.cast(exponent, "int64")
    shift = xp.clip(doublings, 0, 31)
    power = xp.cast(fixed_point.power_of_two(xp, shift), "float64")
    multiplier = xp.cast(xp.trunc(steps * power), "int64")
    for exact in exact_shifts:
        near = is_power_of_two(xp, scale, exact - 12)
        multiplier = xp.where(near, xp.zeros_like(multiplier) + 3 * 2**exact, multiplier)
        shift = xp.where(near, xp.zeros_like(shift), shift)
    return multiplier, shift


def is_power_of_two(xp, scale, power: int):
    """Whether log2(scale) is that power up to 0.001, as the kernels check it."""
    ratio = xp.cast(scale, "float64") * 2.0**-power
    return xp.maximum(ratio, 1 / ratio) < 2.0**1e-3


def power_of_two(scale: float) -> int | None:
    """log2 of the scale where it is whole, up to 0.001, as the kernels check it."""
    real = math.log2(scale)
    power = math.floor(real + 0.5)
    return power if abs(real - power) < 1e-3 else None


def logistic(xp, q, multiplier, shift):
    """Stored outputs on 1/32768, int64, of centred codes q."""
    v = _steps(xp, q, multiplier, shift)
    y = _interpolated(xp, xp.abs(v), 9, 0x7FFF << 10)
    return _shifted(xp, xp.where(v >= 0, y + 2**9, 2**25 + 2**9 - 1 - y), 10)


def tanh(xp, q, multiplier, shift):
    """Stored outputs on 1/32768, int64, of centred codes q."""
    v = _steps(xp, q, multiplier, shift)
    y = _interpolated(xp, xp.abs(v), 8, 0xFFFF << 8)
    return _shifted(xp, xp.where(v >= 0, y - (2**23 - 2**7), 2**23 + 2**7 - 1 - y), 8)


def _steps(xp, q, multiplier, shift):
    half = fixed_point.power_of_two(xp, shift) // 2
    return xp.right_shift(xp.cast(q, "int64") * multiplier + half, xp.cast(shift, "int64"))


def _shifted(xp, x, bits: int):
    return xp.right_shift(x, xp.asarray(bits, "int64"))


def _interpolated(xp, size, bits: int, saturated: int):
    part = _shifted(xp, size, bits)
    place = xp.minimum(part, 254)
    points = xp.asarray(TABLE, "int64")
    here = xp.take(points, place)
    line = here * 2**bits + xp.bitwise_and(size, 2**bits - 1) * (xp.take(points, place + 1) - here)
    return xp.where(part >= 255, xp.zeros_like(line) + saturated, line)
