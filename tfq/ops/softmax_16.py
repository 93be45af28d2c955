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
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays, libm, lookup_16
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, power_of_two, quantize_multiplier
from tfq.numerics.gemmlowp import count_leading_zeros
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node

_CODES = 65535
# The row's sum is an int32 of values up to 32767.
_LONGEST_ROW = 65536
_MOST_RATIO = 2.0**30


class Method(NamedTuple):
    """dtype: of the tables. step(xp, scale, beta): real units per code, float64."""

    dtype: Any
    step: Callable[..., Any]


def float32_step(xp, scale, beta: float):
    """f32(scale * beta)."""
    return xp.cast(scale * np.float32(beta), "float64")


def float64_step(xp, scale, beta: float):
    """f64(scale) * f64(beta)."""
    return xp.cast(scale, "float64") * beta


METHODS = {
    LITERT: Method(np.float64, float32_step),
    XNNPACK: Method(np.float64, float32_step),
    TFLM: Method(np.float32, float64_step),
}


class Constants(NamedTuple):
    """multiplier: (int64 multiplier, int64 shift) of a difference. exponentials, reciprocals: int16 [513]."""

    multiplier: tuple[Any, Any]
    exponentials: np.ndarray
    reciprocals: np.ndarray


@cache
def tables(dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """Samples of exp(x) from -10 to 0 and of 1 / (1 + x) from 0 to 1."""
    out = Affine(dtype(2) / dtype(_CODES), 0)
    below_0 = Affine(dtype(10) / dtype(_CODES), lookup_16.INT16_MAX)
    from_0 = Affine(dtype(1) / dtype(_CODES), lookup_16.INT16_MIN)
    exponentials = lookup_16.samples(libm.exp, below_0, out, dtype)
    return exponentials, lookup_16.samples(_one_over_one_plus, from_0, out, dtype)


def constants(xp, profile: Profile, inp: Affine, beta: float = 1.0) -> Constants:
    """The profile's constants of int16 rows."""
    method = METHODS[profile]
    ratio = method.step(xp, inp.scale, beta) / (10.0 / _CODES)
    return Constants(quantize_multiplier(xp, ratio), *tables(method.dtype))


def integers(xp, constants: Constants, q):
    """Stored outputs of stored inputs [..., classes], int64."""
    q = xp.cast(q, "int64")
    difference = xp.max(q, axis=-1, keepdims=True) - q
    return normalized(xp, exponential(xp, constants, difference), partial(lookup_16.look_up, xp, constants.reciprocals))


def exponential(xp, constants: Constants, difference):
    """With 15 fraction bits, of int64 differences max - q."""
    at = multiply_by_quantized_multiplier(xp, -difference, *constants.multiplier) + lookup_16.INT16_MAX
    return lookup_16.look_up(xp, constants.exponentials, _saturated(xp, at))


def normalized(xp, exponentials, reciprocal: Callable[..., Any]):
    """The exponentials of rows over their sums, int64. reciprocal: of codes, 1 / (1 + x)."""
    exponentials = xp.cast(exponentials, "int64")
    total = xp.sum(exponentials, axis=-1, keepdims=True)
    zeros = count_leading_zeros(xp, total)
    at = xp.right_shift(total * power_of_two(xp, zeros - 1) + 2**13, xp.asarray(14, "int64")) - (2**15 + 2**16)
    factor = xp.cast(reciprocal(_saturated(xp, at)), "int64")
    right = 31 - zeros
    y = xp.right_shift(exponentials * factor + power_of_two(xp, right - 1), right)
    return xp.clip(y, 0, lookup_16.INT16_MAX)


def _saturated(xp, x):
    return xp.clip(x, lookup_16.INT16_MIN, lookup_16.INT16_MAX)


@dataclass(frozen=True, eq=False)
class Params:
    """exponentials: int16 [65536], of each difference max - q. reciprocals: int16 [65536], of codes, lowest first."""

    exponentials: np.ndarray
    reciprocals: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: int16 [..., classes] -> int16 of that shape."""
        q = x.astype(np.int32)
        exponentials = self.exponentials.take(q.max(axis=-1, keepdims=True) - q)
        return normalized(arrays, exponentials, lambda at: self.reciprocals.take(at + 2**15)).astype(np.int16)


def params(node: Node, profile: Profile, inp: Affine, beta: float) -> Params:
    """Both tables. Raises Unsupported for steps and rows that overflow the kernel."""
    ratio = float(METHODS[profile].step(arrays, inp.scale, beta)) / (10.0 / _CODES)
    if not 0 <= ratio < _MOST_RATIO:
        raise node.unsupported(f"beta * input scale must be from 0 to below 163000, received {beta} * {inp.scale}")
    length = given(node).shape[-1]
    if length > _LONGEST_ROW:
        raise node.unsupported(f"rows must have up to {_LONGEST_ROW} values, received {length}")
    fixed = constants(arrays, profile, inp, beta)
    exponentials = exponential(arrays, fixed, np.arange(_CODES + 1))
    reciprocals = lookup_16.look_up(arrays, fixed.reciprocals, lookup_16.codes())
    return Params(exponentials.astype(np.int16), reciprocals.astype(np.int16))


def _one_over_one_plus(x: np.ndarray) -> np.ndarray:
    one = x.dtype.type(1)
    return one / (one + x)
