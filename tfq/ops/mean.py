"""MEAN over constant axes: y = clamp(rescale(sum of (q - zero)) / count + y_zero).

litert, tflm: (m, s) = 31-bit multiplier of scale / y_scale (float64); k = min(floor(log2 count), 32, 31 + s);
m = m * 2**k // count, s = s - k; then two roundings. Equal scales take the same path.
xnnpack, float32: k = scale / y_scale * (1 / count); y = round_half_even(total * k + (y_zero - count * zero * k)), the
zero point added before the rounding; total is the plain sum of the stored integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays, rescale
from tfq.numerics.affine import Affine, divide, product
from tfq.numerics.fixed_point import power_of_two, quantize_multiplier, wrap32
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import XNNPACK_RANK, axes_of, constant, given, grid_of, require_rank
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "MEAN",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/reduce.h QuantizedMeanOrSum; "
    "google/XNNPACK src/operators/reduce-nd.c; tensorflow/tflite-micro tensorflow/lite/micro/kernels/reduce_common.cc",
)

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
    """The profile's constants of a mean over `count` elements."""
    return METHODS[profile].constants(xp, inp, out, count)


def integers(xp, profile: Profile, constants, total):
    """Stored integers of the mean, float32; total: sums of `count` stored integers, exact whole numbers."""
    return METHODS[profile].integers(xp, constants, total)


LARGEST_RANK = {LITERT: 8, XNNPACK: XNNPACK_RANK, TFLM: 8}


@dataclass(frozen=True, eq=False)
class Params:
    """axes: counted from the front."""

    profile: Profile
    axes: tuple[int, ...]
    keep_dims: bool
    constants: Any


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the mean. Raises Unsupported for types, for axes that are not constant and for none."""
    node.require_types(SPEC)
    require_rank(node, LARGEST_RANK[profile])
    x, y = given(node), node.outputs[0]
    inp, out = grid_of(node, x), grid_of(node, y)
    axes = axes_of(node, constant(node, 1, "the axes"), len(x.shape))
    ratio = float(inp.scale) / float(out.scale)
    if ratio >= _MOST_RATIO:
        raise node.unsupported(f"input scale / output scale must be below 2**30, received {ratio:.9g}")
    count = math.prod(x.shape[axis] for axis in axes) if axes else 0
    if not count:
        raise node.unsupported("there must be an axis and something along it to average")
    return Params(
        profile=profile,
        axes=axes,
        keep_dims=bool(node.options.get("keep_dims", False)),
        constants=constants(arrays, profile, inp, out, count),
    )


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the mean runs over them."""
    return rows_apart(node) and 0 not in constant(node, 1, "the axes") % len(given(node).shape)


def evaluate(params: Params, x, axes=None) -> np.ndarray:
    """x: int8 -> int8 without the axes (or with size 1 there)."""
    total = x.sum(axis=params.axes, dtype=np.int64, keepdims=params.keep_dims)
    return np.asarray(integers(arrays, params.profile, params.constants, total)).astype(np.int8)
