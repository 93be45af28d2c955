"""SOFTMAX over the last axis: y = exp(beta * (x - max)) / sum; the output is on 1/256 with zero point -128.

A row's exponentials come from one table over the differences max - q, 0 to 255. litert and tflm: gemmlowp fixed point,
zero below the smallest difference that fits; their kernels abort when the exponentials of a row add up to 512. xnnpack
leaves the op to LiteRT's optimized kernel: float32, the sum taken in index order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import arrays, gemmlowp, tables
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import (
    power_of_two,
    quantize_multiplier,
    round_half_away,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
    wrap32,
)
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec

SPEC = Spec(
    "SOFTMAX",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/softmax.h and optimized/optimized_ops.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/softmax_common.cc",
)

OUTPUT_SCALE = np.float32(1 / 256)
_INTEGER_BITS, _SUM_INTEGER_BITS = 5, 12
_LARGEST_SUM = 512 * 2 ** (31 - _SUM_INTEGER_BITS)


def fixed_point_constants(xp, inp: Affine, beta, output_scale):
    """Raw exponentials of the 256 differences, int64, no integer bits; 0 where the difference is too large."""
    real = xp.cast(beta, "float64") * xp.cast(inp.scale, "float64") * 2.0 ** (31 - _INTEGER_BITS)
    multiplier, shift = quantize_multiplier(xp, xp.minimum(real, 2.0**31 - 1))
    left = power_of_two(xp, xp.maximum(shift, 0))
    difference = xp.arange(0, 256, dtype="int64")
    raw = saturating_rounding_doubling_high_mul(xp, wrap32(xp, -difference * left), multiplier)
    exponential = gemmlowp.exp_on_negative_values(xp, raw, _INTEGER_BITS)
    largest = (31 * 2 ** (31 - _INTEGER_BITS)) // left
    return xp.where(difference <= largest, exponential, xp.zeros_like(exponential))


def fixed_point_integers(xp, exponentials, q):
    """Stored outputs, int64; garbage where the exponentials of a row add up to more than `sum_fits` allows."""
    difference = _below_largest(xp, q)
    raw, bits = gemmlowp.reciprocal(xp, _sum_q12(xp, exponentials, difference), _SUM_INTEGER_BITS)
    probability = saturating_rounding_doubling_high_mul(xp, raw, xp.take(exponentials, difference))
    return xp.clip(rounding_divide_by_pot(xp, probability, bits + (31 - 8)) - 128, -128, 127)


def sum_fits(exponentials, q: np.ndarray) -> bool:
    """Whether the exponentials of every row add up to less than 512."""
    if q.shape[-1] < 512:
        return True
    return bool(np.all(_sum_q12(arrays, exponentials, _below_largest(arrays, q)) < _LARGEST_SUM))


def float32_constants(xp, inp: Affine, beta, output_scale):
    """(float32 exponentials of the 256 differences, output scale)."""
    per_step = -xp.cast(inp.scale, "float32") * xp.cast(beta, "float32")
    return tables.exp(xp, per_step * xp.arange(0, 256, dtype="float32")), output_scale


def float32_integers(xp, constants, q):
    """Stored outputs, as integral float32."""
    exponentials, output_scale = constants
    exponential = xp.take(exponentials, _below_largest(xp, q))
    steps_per_unit = np.float32(1) / (xp.expand_dims(xp.sum_in_order(exponential), -1) * output_scale)
    return xp.clip(round_half_away(xp, exponential * steps_per_unit) - 128, -128, 127)


@dataclass(frozen=True)
class Method:
    """constants(xp, inp, beta, output_scale), integers(xp, constants, q), fits(constants, q)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]
    fits: Callable[..., bool]


FIXED_POINT = Method(fixed_point_constants, fixed_point_integers, sum_fits)
FLOAT32 = Method(float32_constants, float32_integers, lambda constants, q: True)
SOFTMAX = {LITERT: FIXED_POINT, XNNPACK: FLOAT32, TFLM: FIXED_POINT}
SMALLEST_STEP = {LITERT: 2.0**-26, XNNPACK: 0.0, TFLM: 2.0**-26}
OUTPUT_TOLERANCE = {LITERT: 0.001, XNNPACK: 0.001, TFLM: 0.0}


def constants(xp, profile: Profile, inp: Affine, beta: float = 1.0, output_scale=OUTPUT_SCALE):
    """The profile's constants, 256 exponentials among them."""
    return SOFTMAX[profile].constants(xp, inp, np.float32(beta), output_scale)


def integers(xp, profile: Profile, constants, q):
    """Stored outputs of stored int8 inputs [..., classes], whole numbers."""
    return SOFTMAX[profile].integers(xp, constants, q)


def stacks(node: Node) -> bool:
    """Samples stacked along axis 0 stay apart, unless that is the axis of the classes."""
    return unary.stacks(node) and len(node.outputs[0].shape) > 1


@dataclass(frozen=True, eq=False)
class Params:
    """constants: as the method gives them. name: the op, for errors."""

    method: Method
    constants: Any
    name: str


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the op. Raises Unsupported for output grids and input scales that the kernels refuse."""
    x, y = unary.ends(node, SPEC)
    if y.type != "INT8":
        raise node.unsupported(f"output type must be INT8, received {y.type}")
    inp, out = unary.grid(node, x), unary.grid(node, y)
    if abs(out.scale - OUTPUT_SCALE) > OUTPUT_TOLERANCE[profile] * OUTPUT_SCALE or out.zero_point != -128:
        raise node.unsupported(
            f"output must have scale 1/256 and zero point -128, received {out.scale} and {out.zero_point:g}"
        )
    beta = float(node.options["beta"])
    if not beta * float(inp.scale) > SMALLEST_STEP[profile]:
        raise node.unsupported(
            f"{profile.name} needs beta * input scale above {SMALLEST_STEP[profile]}, received {beta} * {inp.scale}"
        )
    name = f"op {node.index} {node.operator.code} {y.name!r}"
    with np.errstate(over="ignore"):
        return Params(SOFTMAX[profile], constants(arrays, profile, inp, beta, out.scale), name)


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: int8 [..., classes] -> int8. Raises TfqError where the real kernel would abort."""
    if not params.method.fits(params.constants, x):
        raise TfqError(
            f"{params.name}: the exponentials of each row must add up to less than 512, or the real kernel aborts; "
            "received a row of too many nearly equal values. Use numerics='xnnpack', or end the model at its logits"
        )
    return params.method.integers(arrays, params.constants, x).astype(np.int8)


def _below_largest(xp, q):
    """max - q along the last axis, int32, 0 to 255."""
    q = xp.cast(q, "int32")
    return xp.max(q, axis=-1, keepdims=True) - q


def _sum_q12(xp, exponentials, difference):
    """The sum of each row's exponentials with 12 integer bits, int64 [..., 1]."""
    rounded = rounding_divide_by_pot(xp, exponentials, _SUM_INTEGER_BITS)
    return xp.sum(xp.take(rounded, difference), axis=-1, keepdims=True)
