"""The affine map between reals and stored integers: real = scale * (q - zero_point).

Everything here is written so that NumPy, TensorFlow (eager, graph, XLA) and JAX give the same bits on IEEE hardware:
`divide` and `product` keep compilers from rewriting a division into a reciprocal or from fusing a multiply into an add.

Source: Jacob et al. 2017 (arXiv:1712.05877), equations 1 and 13; google/gemmlowp doc/quantization.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SMALLEST_RANGE = np.float32(2.0**-100)  # keeps scales positive and normal
# A narrower activation is a constant 0 (a dead layer). It gets the range of 1: a scale near 0 would make the ratio of
# accumulator to output larger than runtimes accept.
CONSTANT_RANGE = np.float32(2.0**-20)
# Of the squares of what lies above that.
SMALLEST_SQUARE = np.float32(2.0**-40)
_LOWEST = np.float32(-3.0e38)


@dataclass(frozen=True)
class Affine:
    """scale: float32, positive, one or one a channel. zero_point: the stored value of real 0. qmin, qmax: limits."""

    scale: Any
    zero_point: Any
    qmin: int = -128
    qmax: int = 127


def divide(xp, a, b):
    """a / b in float32 for b > 0, each quotient correctly rounded whatever compiler runs it.

    XLA turns a division by a constant or a broadcast scalar into a product with its reciprocal, 1 ulp away;
    `maximum(b, 0 * a)` is b, but of a's shape and not known to be a broadcast.
    """
    return a / xp.maximum(b, a * np.float32(0))


def product(xp, a, b):
    """a * b rounded to float32 before anything is added to it: XLA on CPUs would contract the two into one FMA."""
    return xp.maximum(a * b, _LOWEST)


def inverse_sqrt_scale(xp, gamma, variance, epsilon):
    """gamma / sqrt(variance + epsilon), the factor of a folded batch norm, float32.

    The maxima keep XLA from using a reciprocal square root, and grappler from merging the quotient into a product.
    """
    return xp.maximum(gamma / xp.maximum(xp.sqrt(variance + epsilon), np.float32(1e-30)), _LOWEST)


def scale_zero_point(xp, lo, hi, qmin: int = -128, qmax: int = 127):
    """(scale, zero_point) of the grid for reals in [lo, hi]: float32 each, the zero point a whole number.

    The range is widened to hold 0, so that real 0 is stored exactly (padding, relu); the zero point is rounded to an
    integer. Works elementwise. `lo` and `hi` must be finite.
    """
    lo = xp.minimum(lo, np.float32(0))
    hi = xp.maximum(hi, np.float32(0))
    span = hi - lo
    span = xp.where(span > CONSTANT_RANGE, span, xp.zeros_like(span) + np.float32(1))
    scale = span * np.float32(1.0 / (qmax - qmin))
    steps_per_unit = xp.maximum(np.float32(qmax - qmin) / span, np.float32(0))
    below_zero = xp.round(lo * steps_per_unit)
    return scale, xp.clip(np.float32(qmin) - below_zero, qmin, qmax)


def symmetric_scale(xp, largest, qmax: int = 127):
    """The scale of symmetric values with |x| <= largest: largest / qmax, as one product (float32)."""
    return largest * np.float32(1.0 / qmax)


def quantize(xp, x, grid: Affine):
    """The stored integers of x, rounded half to even and saturated, as integral floats.

    Raises nothing: NaN stays NaN, and infinities become NaN (`divide` multiplies them by 0).
    """
    return xp.clip(xp.round(divide(xp, x, grid.scale)) + grid.zero_point, grid.qmin, grid.qmax)


def dequantize(xp, q, grid: Affine):
    """The reals that stored integers stand for."""
    return (q - grid.zero_point) * grid.scale
