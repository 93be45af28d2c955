"""SOFTMAX of int16, output scale 1/32768.

    e = exp_table[sat16(rescale(q - max) + 32767)]            x from -10 to 0, 15 fraction bits
    n = leading zeros of the row's sum;  x = ((sum << (n - 1)) + 2**13) >> 14
    y = (e * reciprocal_table[sat16(x - 98304)] + 2**(30 - n)) >> (31 - n), clamped to 0..32767

Both tables have 513 samples with lines between them (numerics.lookup_16). rescale is the 31-bit multiplier of
scale * beta / (10 / 65535), two roundings; litert takes the product scale * beta in float32, tflm in float64.

Source: google-ai-edge/LiteRT tflite/kernels/internal/reference/softmax.h SoftmaxInt16; kernels/activations.cc;
tensorflow/tflite-micro tensorflow/lite/micro/kernels/softmax_common.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays, libm, lookup_16
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.gemmlowp import count_leading_zeros
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node

_CODES = 65535
# The row's sum is an int32 of values up to 32767.
_LONGEST_ROW = 65536
_MOST_RATIO = 2.0**30


@dataclass(frozen=True)
class Method:
    """dtype: of the tables. step(scale, beta): real units per code, float64."""

    dtype: Any
    step: Callable[[Any, float], float]


def float32_step(scale, beta: float) -> float:
    """f32(scale * beta)."""
    return float(np.float32(scale) * np.float32(beta))


def float64_step(scale, beta: float) -> float:
    """f64(scale) * f64(beta)."""
    return float(scale) * beta


METHODS = {
    LITERT: Method(np.float64, float32_step),
    XNNPACK: Method(np.float64, float32_step),
    TFLM: Method(np.float32, float64_step),
}


@dataclass(frozen=True, eq=False)
class Params:
    """exponentials: int16 [65536], of each difference max - q. reciprocals: int16 [65536], of codes, lowest first."""

    exponentials: np.ndarray
    reciprocals: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: int16 [..., classes] -> int16 of that shape."""
        q = x.astype(np.int32)
        exponential = self.exponentials.take(q.max(axis=-1, keepdims=True) - q).astype(np.int64)
        total = exponential.sum(axis=-1, keepdims=True)
        zeros = count_leading_zeros(arrays, total)
        at = ((total << (zeros - 1)) + 2**13 >> 14) - (2**15 + 2**16)
        reciprocal = self.reciprocals.take(np.clip(at, lookup_16.INT16_MIN, lookup_16.INT16_MAX) + 2**15)
        right = 31 - zeros
        y = exponential * reciprocal + (1 << (right - 1)) >> right
        return np.clip(y, 0, lookup_16.INT16_MAX).astype(np.int16)


def params(node: Node, profile: Profile, inp: Affine, beta: float) -> Params:
    """Both tables. Raises Unsupported for steps and rows that overflow the kernel."""
    method = METHODS[profile]
    ratio = method.step(inp.scale, beta) / (10.0 / _CODES)
    if not 0 <= ratio < _MOST_RATIO:
        raise node.unsupported(f"beta * input scale must be from 0 to below 163000, received {beta} * {inp.scale}")
    length = given(node).shape[-1]
    if length > _LONGEST_ROW:
        raise node.unsupported(f"rows must have up to {_LONGEST_ROW} values, received {length}")
    real = method.dtype
    out = Affine(real(2) / real(_CODES), 0)
    exp = lookup_16.samples(libm.exp, Affine(real(10) / real(_CODES), lookup_16.INT16_MAX), out, real)
    reciprocal = lookup_16.samples(_one_over_one_plus, Affine(real(1) / real(_CODES), lookup_16.INT16_MIN), out, real)
    multiplier = quantize_multiplier(arrays, np.asarray(ratio))
    at = multiply_by_quantized_multiplier(arrays, -np.arange(_CODES + 1), *multiplier) + lookup_16.INT16_MAX
    at = np.clip(at, lookup_16.INT16_MIN, lookup_16.INT16_MAX)
    return Params(lookup_16.look_up(exp, at), lookup_16.look_up(reciprocal, lookup_16.codes()))


def _one_over_one_plus(x: np.ndarray) -> np.ndarray:
    one = x.dtype.type(1)
    return one / (one + x)
