"""Floats quantized to 8 bits while a layer runs, row by row: the input side of dynamic range ("hybrid") layers.

Each function takes x, float32 [rows, n], and gives `Rows`: codes minus their zero point, and the rows' scales.

`symmetric` and `asymmetric` are LiteRT's NEON code, which on x86 runs through a translator: the first 8 * (n // 8)
values of a row round by trunc(v + copysign(1/2, v)) in float32 (0.49999997 gives 1), the rest halves away from zero.

Sources: google-ai-edge/LiteRT tflite/kernels/internal/optimized/neon_tensor_utils.cc NeonSymmetricQuantizeFloats,
NeonAsymmetricQuantizeFloats; google/XNNPACK src/xnnpack/quantization.h, src/f32-qs8-vcvt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import round_half_away

_F = np.float32
_VECTOR = 8


@dataclass(frozen=True, eq=False)
class Rows:
    """steps: codes - zero point, whole numbers in float32 [rows, n], |steps| <= 255.

    scale, zero_point: float32 [rows].
    """

    steps: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray


def symmetric(x: np.ndarray) -> Rows:
    """scale = r / 127 for r = max |x|; codes = round(x * (127 / r)) in [-127, 127]; 1 and 0 for a row of zeros."""
    largest = np.abs(x).max(axis=1, initial=0)
    zero = largest == 0
    largest = np.where(zero, _F(1), largest)
    steps = _rounded(x * (_F(127) / largest)[:, None])
    return Rows(np.clip(steps, -127, 127, out=steps), np.where(zero, _F(1), largest / _F(127)), np.zeros_like(largest))


def asymmetric(x: np.ndarray) -> Rows:
    """scale = (max - min) / 255, 0 among them; the zero point from the end that is hit more closely, in float64."""
    low, high = np.minimum(x.min(axis=1, initial=0), 0), np.maximum(x.max(axis=1, initial=0), 0)
    zero = low == high
    step = np.where(zero, 1.0, (high - low).astype(np.float64) / 255)
    from_low, from_high = -128 - low / step, 127 - high / step
    nearer = np.where(128 + np.abs(low / step) < 127 + np.abs(high / step), from_low, from_high)
    zero_point = np.where(zero, 0, round_half_away(arrays, np.clip(nearer, -128, 127))).astype(_F)[:, None]
    scale = step.astype(_F)
    inverse = np.where(scale == 0, _F(0), _F(1) / np.where(scale == 0, _F(1), scale))
    steps = _rounded(x * inverse[:, None])
    return Rows(np.clip(steps, -128 - zero_point, 127 - zero_point, out=steps), scale, zero_point[:, 0])


def xnnpack(x: np.ndarray) -> Rows:
    """steps a unit = 255 / (max - min), 0 among them, all in float32; halves to even; scale = 1 / steps a unit."""
    low, high = np.minimum(x.min(axis=1, initial=0), _F(0)), np.maximum(x.max(axis=1, initial=0), _F(0))
    zero = low == high
    per_unit = np.where(zero, _F(1), _F(255) / np.where(zero, _F(1), high - low))
    below, above = low * per_unit, high * per_unit
    near_low = (_F(-128) + below) + (_F(127) + above) > 0
    zero_point = np.rint(np.clip(np.where(near_low, _F(-128) - below, _F(127) - above), -128, 127))[:, None]
    steps = x * per_unit[:, None]
    np.rint(np.minimum(steps, _F(32767), out=steps), out=steps)
    return Rows(np.clip(steps, -128 - zero_point, 127 - zero_point, out=steps), _F(1) / per_unit, zero_point[:, 0])


def _rounded(v: np.ndarray) -> np.ndarray:
    """In place."""
    vectors, tail = np.split(v, [v.shape[1] - v.shape[1] % _VECTOR], axis=1)
    tail[...] = round_half_away(arrays, tail)
    vectors += np.copysign(_F(0.5), vectors)
    np.trunc(vectors, out=vectors)
    return v
