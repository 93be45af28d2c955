"""Tables of 8-bit unary ops: the stored output for each of the 256 codes, lowest code first.

Each builder is one kernel's arithmetic. The float builders take the real function as `function(xp, x)` over float32.
Its exponential or hyperbolic tangent is taken in float64 and rounded to float32: that gave the codes of the C library's
float functions in every table compared.

Sources: google-ai-edge/LiteRT tflite/kernels/internal/common.h LUTPopulateInt8; google/XNNPACK
src/reference/unary-elementwise.cc; tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/integer_ops/
logistic.h and tanh.h.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import fixed_point
from tfq.numerics.affine import Affine, product

_ONE = np.float32(1)
_INTEGER_BITS = 4


def half_away_table(xp, function, inp: Affine, out: Affine):
    """Halves away from zero of f(x) * (1 / scale), then the zero point is added: LiteRT's reference kernels."""
    steps = function(xp, _reals(xp, inp)) * (_ONE / out.scale)
    return xp.clip(fixed_point.round_half_away(xp, steps) + out.zero_point, out.qmin, out.qmax)


def half_even_table(xp, function, inp: Affine, out: Affine):
    """Halves to even of f(x) * (1 / scale) + zero point: XNNPACK."""
    steps = product(xp, function(xp, _reals(xp, inp)), _ONE / out.scale)
    return xp.clip(xp.round(steps + out.zero_point), out.qmin, out.qmax)


def fixed_point_table(xp, function, inp: Affine, fraction_bits: int, zero_point: int):
    """TFLite Micro's LOGISTIC and TANH, without floats: `function(xp, raw, integer_bits)` is gemmlowp's.

    The output's scale is 2**-fraction_bits whatever the file says. Inputs beyond +-15 saturate; for scales above 15
    the kernel takes even input 0 for lowest.
    """
    multiplier, shift = fixed_point.quantize_multiplier(xp, xp.cast(inp.scale, "float64") * 2.0 ** (31 - _INTEGER_BITS))
    x = xp.arange(inp.qmin, inp.qmax + 1, dtype="int64") - xp.cast(inp.zero_point, "int64")
    raw = fixed_point.multiply_by_quantized_multiplier(xp, x, multiplier, shift)
    steps = fixed_point.rounding_divide_by_pot(xp, function(xp, raw, _INTEGER_BITS), 31 - fraction_bits)
    steps = xp.clip(steps + zero_point, -128, 127)
    largest = 15 * 2 ** (31 - _INTEGER_BITS) // fixed_point.power_of_two(xp, xp.maximum(shift, 0))
    steps = xp.where(x >= largest, xp.zeros_like(x) + 127, steps)
    return xp.where(x <= -largest, xp.zeros_like(x) - 128, steps)


def exp(xp, x):
    """float32 exp(x) of float32 x."""
    return xp.cast(xp.exp(xp.cast(x, "float64")), "float32")


def expm1(xp, x):
    """float32 exp(x) - 1 of float32 x."""
    return xp.cast(xp.expm1(xp.cast(x, "float64")), "float32")


def tanh(xp, x):
    """float32 tanh(x) of float32 x."""
    return xp.cast(xp.tanh(xp.cast(x, "float64")), "float32")


def _reals(xp, inp: Affine):
    codes = xp.arange(inp.qmin, inp.qmax + 1, dtype="float32")
    return (codes - inp.zero_point) * inp.scale
