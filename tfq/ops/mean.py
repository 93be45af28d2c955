"""MEAN along axes: y = clamp(rescale(sum of (q - zero)) / count + y_zero).

litert, tflm, and int16 everywhere: (m, s) = 31-bit multiplier of scale / y_scale (float64);
k = min(floor(log2 count), 32, 31 + s); m = m * 2**k // count, s = s - k; then two roundings, for equal scales too.
xnnpack, float32: k = scale / y_scale * (1 / count); y = round_half_even(total * k + (y_zero - count * zero * k)), the
zero point added before the rounding; total is the plain sum of the stored integers.

int32 and int64: the int64 sum, divided toward zero. float32: the sum in index order, then a division; XNNPACK's sum is
in another order (float-close).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays, rescale
from tfq.numerics.affine import Affine, divide, product
from tfq.numerics.fixed_point import power_of_two, quantize_multiplier, wrap32
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, kernel_of
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.fixed import Fixed
from tfq.ops.reduce import Reduction, operands, stacks

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "MEAN",
    ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/reduce.h QuantizedMeanOrSum; "
    "google/XNNPACK src/operators/reduce-nd.c; tensorflow/tflite-micro tensorflow/lite/micro/kernels/reduce_common.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}
# The kernels' left shift must stay below 31 bits.
_MOST_RATIO = 2.0**30


class FixedPoint(NamedTuple):
    """offset: count * input zero point, int64. multiplier: (int64 multiplier, int64 shift)."""

    offset: Any
    multiplier: tuple[Any, Any]
    zero_point: Any
    bounds: tuple[int, int]


class Float32(NamedTuple):
    """multiplier and bias: float32."""

    multiplier: Any
    bias: Any
    bounds: tuple[int, int]


def fixed_point_constants(xp, inp: Affine, out: Affine, count: int) -> FixedPoint:
    """The division by count goes into the multiplier, truncated, after as many left shifts as fit."""
    real = xp.cast(inp.scale, "float64") / xp.cast(out.scale, "float64")
    multiplier, shift = quantize_multiplier(xp, real)
    extra = xp.minimum(shift + 31, min(count.bit_length() - 1, 32))
    multiplier = xp.floor_divide(multiplier * power_of_two(xp, extra), count)
    offset = xp.cast(inp.zero_point, "int64") * count
    return FixedPoint(offset, (multiplier, shift - extra), out.zero_point, (out.qmin, out.qmax))


def fixed_point_integers(xp, constants: FixedPoint, total):
    """Two roundings; the sum wraps at 32 bits."""
    acc = wrap32(xp, xp.cast(total, "int64") - constants.offset)
    q = rescale.two_rounding_apply(xp, acc, constants.multiplier)
    return xp.clip(xp.cast(q, "float32") + constants.zero_point, *constants.bounds)


def float32_constants(xp, inp: Affine, out: Affine, count: int) -> Float32:
    """k and the bias that holds both zero points."""
    multiplier = divide(xp, inp.scale, out.scale) * (np.float32(1) / np.float32(count))
    bias = out.zero_point - product(xp, inp.zero_point * np.float32(count), multiplier)
    return Float32(multiplier, bias, (out.qmin, out.qmax))


def float32_integers(xp, constants: Float32, total):
    """One float32 product, one sum, halves to even."""
    q = xp.round(product(xp, xp.cast(total, "float32"), constants.multiplier) + constants.bias)
    return xp.clip(q, *constants.bounds)


class Method(NamedTuple):
    """constants(xp, inp, out, count) and integers(xp, constants, total)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]


_FIXED_POINT = Method(fixed_point_constants, fixed_point_integers)
METHODS = {LITERT: _FIXED_POINT, XNNPACK: Method(float32_constants, float32_integers), TFLM: _FIXED_POINT}


def constants(xp, profile: Profile, inp: Affine, out: Affine, count: int):
    """The profile's constants of a mean over `count` elements, int8 or int16 in and out."""
    method = METHODS[kernel_of(profile, out)]
    return Fixed(method.integers, method.constants(xp, inp, out, count))


def integers(xp, profile: Profile, constants, total):
    """Stored integers of the mean, float32; total: sums of `count` stored integers, exact whole numbers."""
    return constants.of(xp, total)


# tflm alone takes int16 with zero points.
GRIDS = {LITERT: unary.centred_grids, XNNPACK: unary.centred_grids, TFLM: unary.any_grids}


@dataclass(frozen=True, eq=False)
class Params:
    """constants: of the profile's integers."""

    profile: Profile
    reduction: Reduction
    constants: Any

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The mean of stored integers."""
        q = integers(arrays, self.profile, self.constants, self.reduction.total(x))
        return np.asarray(q).astype(x.dtype)


@dataclass(frozen=True)
class Plain:
    """Numbers without a scale."""

    reduction: Reduction

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The mean of float32 or of integers."""
        if x.dtype.kind == "f":
            with np.errstate(all="ignore"):
                total = arrays.sum_in_order(self.reduction.rows(x))
                return self.reduction.shaped(total / x.dtype.type(self.reduction.count))
        total = self.reduction.total(x)
        whole, rest = np.divmod(total, self.reduction.count)
        return (whole + ((total < 0) & (rest != 0))).astype(x.dtype)


def prepare(node: Node, profile: Profile) -> Params | Plain:
    """Constants of the mean. Raises Unsupported for types, for axes outside the tensor and for none."""
    x, y, reduction = operands(node, SPEC, profile, TYPES)
    if x.type in ("FLOAT32", "INT32", "INT64"):
        return Plain(reduction)
    inp, out = GRIDS[profile](node, x, y)
    ratio = float(inp.scale) / float(out.scale)
    if ratio >= _MOST_RATIO:
        raise node.unsupported(f"input scale / output scale must be below 2**30, received {ratio:.9g}")
    return Params(profile, reduction, constants(arrays, profile, inp, out, reduction.count))


def evaluate(params: Params | Plain, x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """x -> its type, without the axes (or with size 1 there)."""
    return params(x)
