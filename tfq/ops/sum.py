"""SUM along axes: y = clamp(rescale(sum of (q - zero)) + y_zero).

litert: 31-bit multiplier of scale / y_scale (float64), two roundings; the sum wraps at 32 bits. **Its int8 kernel is
wrong**: it reads the stored bytes as unsigned (q + 256 for q < 0), clamps to 0..255 and stores that as a byte. tfq
answers what it answers; nothing else does, so do not ship such an op. Its int16 kernel reads half of the input as bytes
and writes half of the output: refused.
    Source: reduce.cc QuantizedMeanOrSum<T, kReference> fetches `GetTensorData<uint8_t>` whatever T is.
tflm: as litert is meant.
xnnpack, float32: k = scale / y_scale; y = round_half_even(total * k + (y_zero - count * zero * k)) on the plain sum.
int16 it leaves to LiteRT's optimized kernel: round_half_away(total * k).

int32 and int64 wrap. float32: in index order; XNNPACK's order is another (float-close).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays, rescale
from tfq.numerics.affine import Affine, divide, product
from tfq.numerics.fixed_point import quantize_multiplier, round_half_away, wrap32
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.reduce import Reduction, operands, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "SUM",
    ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/reduce.cc, internal/reference/reduce.h, internal/optimized/reduce.h "
    "QuantizedMeanOrSum; google/XNNPACK src/operators/reduce-nd.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/reduce_common.cc",
)

TYPES: unary.Types = {
    LITERT: ("INT8", "UINT8", "INT32", "INT64", "FLOAT32"),
    XNNPACK: SPEC.types,
    TFLM: ("INT8", "INT16", "FLOAT32"),
}
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
    """The multiplier of f64(s_in) / f64(s_out)."""
    ratio = xp.cast(inp.scale, "float64") / xp.cast(out.scale, "float64")
    offset = xp.cast(inp.zero_point, "int64") * count
    return FixedPoint(offset, quantize_multiplier(xp, ratio), out.zero_point, (out.qmin, out.qmax))


def unsigned_constants(xp, inp: Affine, out: Affine, count: int) -> FixedPoint:
    """The same with uint8's bounds."""
    return fixed_point_constants(xp, inp, out, count)._replace(bounds=(0, 255))


def fixed_point_integers(xp, constants: FixedPoint, total):
    """Two roundings; the sum wraps at 32 bits."""
    acc = wrap32(xp, xp.cast(total, "int64") - constants.offset)
    q = rescale.two_rounding_apply(xp, acc, constants.multiplier)
    return xp.clip(xp.cast(q, "float32") + constants.zero_point, *constants.bounds)


def float32_constants(xp, inp: Affine, out: Affine, count: int) -> Float32:
    """k and the bias that holds both zero points."""
    multiplier = divide(xp, inp.scale, out.scale)
    bias = out.zero_point - product(xp, inp.zero_point * np.float32(count), multiplier)
    return Float32(multiplier, bias, (out.qmin, out.qmax))


def half_even_integers(xp, constants: Float32, total):
    """One float32 product, one sum, halves to even."""
    q = xp.round(product(xp, xp.cast(total, "float32"), constants.multiplier) + constants.bias)
    return xp.clip(q, *constants.bounds)


def half_away_integers(xp, constants: Float32, total):
    """One float32 product, halves away from zero; zero points of 0."""
    return xp.clip(round_half_away(xp, xp.cast(total, "float32") * constants.multiplier), *constants.bounds)


class Method(NamedTuple):
    """constants(xp, inp, out, count) and integers(xp, constants, total). codes: as what it sums the stored integers."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]
    codes: Callable[[np.ndarray], np.ndarray] = np.asarray


def _as_unsigned(x: np.ndarray) -> np.ndarray:
    return x.view(np.uint8)


_FIXED_POINT = Method(fixed_point_constants, fixed_point_integers)
_HALF_EVEN = Method(float32_constants, half_even_integers)
METHODS = {
    LITERT: {"INT8": Method(unsigned_constants, fixed_point_integers, _as_unsigned), "UINT8": _FIXED_POINT},
    XNNPACK: {"INT8": _HALF_EVEN, "UINT8": _HALF_EVEN, "INT16": Method(float32_constants, half_away_integers)},
    TFLM: {"INT8": _FIXED_POINT, "INT16": _FIXED_POINT},
}
# tflm alone takes int16 with zero points.
GRIDS = {LITERT: unary.centred_grids, XNNPACK: unary.centred_grids, TFLM: unary.any_grids}


@dataclass(frozen=True, eq=False)
class Params:
    """constants: of the method's integers."""

    method: Method
    reduction: Reduction
    constants: Any

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The sum of stored integers."""
        q = self.method.integers(arrays, self.constants, self.reduction.total(self.method.codes(x)))
        return np.asarray(q).astype(np.int64).astype(x.dtype)


@dataclass(frozen=True)
class Plain:
    """Numbers without a scale."""

    reduction: Reduction

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The sum of float32 or of integers."""
        if x.dtype.kind == "f":
            with np.errstate(all="ignore"):
                return self.reduction.shaped(arrays.sum_in_order(self.reduction.rows(x)))
        return self.reduction.total(x).astype(x.dtype)


def prepare(node: Node, profile: Profile) -> Params | Plain:
    """Constants of the sum. Raises Unsupported for types, for axes outside the tensor and for none."""
    x, y, reduction = operands(node, SPEC, profile, TYPES)
    if x.type in ("FLOAT32", "INT32", "INT64"):
        return Plain(reduction)
    inp, out = GRIDS[profile](node, x, y)
    ratio = float(inp.scale) / float(out.scale)
    if ratio >= _MOST_RATIO:
        raise node.unsupported(f"input scale / output scale must be below 2**30, received {ratio:.9g}")
    method = METHODS[profile][x.type]
    return Params(method, reduction, method.constants(arrays, inp, out, reduction.count))


def evaluate(params: Params | Plain, x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """x -> its type, without the axes (or with size 1 there)."""
    return params(x)
