"""LOG_SOFTMAX over the last axis: y = x - max - log(sum of exp(x - max)).

8-bit outputs have scale 1/16 and the highest code for zero point. litert and tflm: gemmlowp fixed point, SOFTMAX's
exponentials and a logarithm with 5 integer bits; the lowest code below the smallest difference that fits. A sum of 4096
overflows. xnnpack leaves the op to LiteRT's optimized kernel: float32, the sum in index order, halves to even.

float32 is float-close: the exponentials are taken in float64 and rounded once, where the runtimes call expf or Eigen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import arrays, libm, log_float32, tables
from tfq.numerics.affine import Affine, product
from tfq.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    power_of_two,
    quantize_multiplier,
    rounding_divide_by_pot,
    wrap32,
)
from tfq.numerics.log_fixed_point import log
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import exponentials, unary
from tfq.ops.blocks import by_rows
from tfq.ops.contract import Node, Spec
from tfq.ops.softmax import stacks

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "LOG_SOFTMAX",
    ("INT8", "UINT8", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/log_softmax.h, reference/log_softmax.h and "
    "optimized/optimized_ops.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/log_softmax.cc",
)

OUTPUT_SCALE = np.float32(1 / 16)
_STEPS_PER_UNIT = np.float32(16)
_LARGEST_SUM = 4096
_OUTPUT_FRACTION_BITS = 31 - exponentials.INTEGER_BITS - 4


class FixedPoint(NamedTuple):
    """exponentials, raw: int64 [256]. largest: difference that fits. reverse: (multiplier, shift) from raw to codes."""

    exponentials: Any
    raw: Any
    largest: Any
    reverse: tuple[Any, Any]
    bounds: tuple[int, int]


class Float32(NamedTuple):
    """exponentials: float32 [256]. scale: of the input."""

    exponentials: Any
    scale: Any
    bounds: tuple[int, int]


def fixed_point_constants(xp, inp: Affine) -> FixedPoint:
    """For input scales above 2**-25."""
    scaled = exponentials.scaled_differences(xp, xp.cast(inp.scale, "float64"))
    fitting = xp.sum(xp.cast(scaled.fits, "int64"))
    reverse = quantize_multiplier(xp, step_back(xp, scaled))
    bounds = (inp.qmin, inp.qmax)
    return FixedPoint(exponentials.fixed_point(xp, scaled), scaled.raw, fitting - 1, reverse, bounds)


def step_back(xp, scaled: exponentials.Scaled):
    """Codes per raw unit, float64; below 1 where the kernel is defined."""
    power = xp.cast(power_of_two(xp, 31 - scaled.shift), "float64")
    return power / xp.cast(xp.maximum(scaled.multiplier, 1), "float64")


def fixed_point_integers(xp, constants: FixedPoint, q):
    """Stored outputs, int64; garbage where the exponentials of a row add up to 4096 or more."""
    difference = exponentials.below_largest(xp, q)
    total = log(xp, exponentials.sum_q12(xp, constants.exponentials, difference), exponentials.SUM_INTEGER_BITS)
    smallest = multiply_by_quantized_multiplier(xp, wrap32(xp, total - 2**31), *constants.reverse)
    smallest = xp.maximum(-constants.largest - 1, smallest)
    low, high = constants.bounds
    y = rounding_divide_by_pot(xp, xp.take(constants.raw, difference) - total, _OUTPUT_FRACTION_BITS) + high
    return xp.where(-xp.cast(difference, "int64") > smallest, xp.clip(y, low, high), xp.zeros_like(y) + low)


def float32_constants(xp, inp: Affine) -> Float32:
    """LiteRT's optimized kernel."""
    return Float32(exponentials.float32(xp, inp, np.float32(1)), inp.scale, (inp.qmin, inp.qmax))


def float32_integers(xp, constants: Float32, q):
    """Stored outputs, as integral float32. Divisions by the output's scale are exact."""
    q = xp.cast(q, "int32")
    low, high = constants.bounds
    largest = xp.cast(xp.max(q, axis=-1, keepdims=True), "float32")
    total = xp.sum_in_order(xp.take(constants.exponentials, exponentials.below_largest(xp, q)))
    logarithm = xp.expand_dims(log_float32.log(xp, total), -1)
    offset = (product(xp, largest, constants.scale) + logarithm) * _STEPS_PER_UNIT
    steps = xp.round(product(xp, xp.cast(q, "float32"), constants.scale * _STEPS_PER_UNIT) - offset)
    return xp.clip(steps + high, low, high)


def any_row(limit: int, exponentials, q: np.ndarray) -> bool:
    """The kernel takes any row."""
    return True


class Method(NamedTuple):
    """constants(xp, inp), integers(xp, constants, q), fits(limit, exponentials, q)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]
    fits: Callable[..., bool]


_FIXED_POINT = Method(fixed_point_constants, fixed_point_integers, exponentials.sums_below)
_FLOAT32 = Method(float32_constants, float32_integers, any_row)
METHODS = {LITERT: _FIXED_POINT, XNNPACK: _FLOAT32, TFLM: _FIXED_POINT}


def constants(xp, profile: Profile, inp: Affine):
    """The profile's constants, 256 exponentials among them; the output's grid is fixed: 1/16, the highest code."""
    return METHODS[profile].constants(xp, inp)


def integers(xp, profile: Profile, constants, q):
    """Stored outputs of stored 8-bit inputs [..., classes], whole numbers."""
    return METHODS[profile].integers(xp, constants, q)


@dataclass(frozen=True, eq=False)
class Params:
    """constants: of the method. name: the op, for errors."""

    method: Method
    constants: FixedPoint | Float32
    name: str

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: int8 or uint8 [..., classes] -> the same. Raises TfqError where the real kernel's sum overflows."""
        return by_rows(self._rows, x.reshape(-1, x.shape[-1])).reshape(x.shape)

    def _rows(self, x: np.ndarray) -> np.ndarray:
        if not self.method.fits(_LARGEST_SUM, self.constants.exponentials, x):
            raise TfqError(
                f"{self.name}: the exponentials of each row must add up to less than {_LARGEST_SUM}, or the real "
                "kernel overflows. Use numerics='xnnpack', or end the model at its logits"
            )
        return self.method.integers(arrays, self.constants, x).astype(x.dtype)


def real(x: np.ndarray) -> np.ndarray:
    """float32 [..., classes]."""
    below = x - x.max(axis=-1, keepdims=True)
    total = arrays.sum_in_order(tables.exp(arrays, below))[..., None]
    return below - libm.log(total)


def _require_scale(node: Node, inp: Affine) -> None:
    """Raises Unsupported for input scales too small for the kernel's multipliers."""
    scaled = exponentials.scaled_differences(arrays, np.float64(inp.scale))
    if not (scaled.multiplier and step_back(arrays, scaled) < 1):
        raise node.unsupported(f"the input scale must be above 2**-25, received {inp.scale}")


def _any_scale(node: Node, inp: Affine) -> None:
    """The kernel takes any scale."""


CHECK_SCALE: dict[Profile, Callable[[Node, Affine], None]] = {
    LITERT: _require_scale,
    XNNPACK: _any_scale,
    TFLM: _require_scale,
}


def prepare(node: Node, profile: Profile) -> Params | unary.Direct:
    """Constants of the op. Raises Unsupported for types, output grids and input scales that the kernels refuse."""
    x, y = unary.alike(node, SPEC, profile, unary.NUMBERS)
    if not x.shape or x.shape[-1] == 0:
        raise node.unsupported(f"the input must have a last axis with values, received shape {list(x.shape)}")
    if x.type == "FLOAT32":
        return unary.Direct(real)
    inp, out = unary.grid(node, x), unary.grid(node, y)
    if out.scale != OUTPUT_SCALE or out.zero_point != out.qmax:
        raise node.unsupported(
            f"output must have scale 1/16 and zero point {out.qmax}, received {out.scale} and {out.zero_point:g}"
        )
    CHECK_SCALE[profile](node, inp)
    name = f"op {node.index} {node.operator.code} {y.name!r}"
    return Params(METHODS[profile], constants(arrays, profile, inp), name)


def evaluate(params: Params | unary.Direct, x: np.ndarray) -> np.ndarray:
    """x: [..., classes] -> the same shape and type."""
    return params(x)
