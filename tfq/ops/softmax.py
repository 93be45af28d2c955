"""SOFTMAX over the last axis: y = exp(beta * (x - max)) / sum.

8 bits: a row's exponentials come from one table over the differences max - q, 0 to 255. litert and tflm: gemmlowp fixed
point, zero below the smallest difference that fits; their kernels abort when the exponentials of a row add up to 512
(4096 for an int16 output). xnnpack leaves the op to LiteRT's optimized kernel: float32, the sum taken in index order,
halves away from zero.

int16 (softmax_16.py): tables of exp and of the reciprocal, made in float64 in litert and xnnpack, in float32 in tflm.

Output scales: 1/256 from 8 to 8 bits, 1/32768 for int16, 1/65536 from 8 bits to int16. litert looks at the output of
int8 to int8 and of int16 only, and writes the others as if they had it; xnnpack then follows scale and zero point.

float32 is float-close: exponentials in float64, rounded once; the sum in float32 in index order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import arrays, gemmlowp, tables
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import (
    round_half_away,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)
from tfq.numerics.profiles import INT16_MAX, LITERT, TFLM, XNNPACK, Profile
from tfq.ops import exponentials, softmax_16, unary
from tfq.ops.blocks import by_rows
from tfq.ops.contract import Node, Spec
from tfq.ops.fixed import Fixed

SPEC = Spec(
    "SOFTMAX",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/softmax.h and optimized/optimized_ops.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/softmax_common.cc",
)

OUTPUT_SCALE = np.float32(1 / 256)
INT8 = Affine(OUTPUT_SCALE, np.float32(-128))


def fixed_point_constants(xp, inp: Affine, beta, output_scale):
    """Raw exponentials of the 256 differences, int64, no integer bits; 0 where the difference is too large."""
    step = xp.cast(beta, "float64") * xp.cast(inp.scale, "float64")
    return exponentials.fixed_point(xp, exponentials.scaled_differences(xp, step))


def fixed_point_integers(xp, constants, q, out: Affine = INT8):
    """Stored outputs, int64; garbage where the exponentials of a row add up to more than `fits` allows."""
    difference = exponentials.below_largest(xp, q)
    total = exponentials.sum_q12(xp, constants, difference)
    raw, bits = gemmlowp.reciprocal(xp, total, exponentials.SUM_INTEGER_BITS)
    probability = saturating_rounding_doubling_high_mul(xp, raw, xp.take(constants, difference))
    width = (out.qmax - out.qmin).bit_length()
    return xp.clip(rounding_divide_by_pot(xp, probability, bits + (31 - width)) + out.qmin, out.qmin, out.qmax)


def float32_constants(xp, inp: Affine, beta, output_scale):
    """(float32 exponentials of the 256 differences, output scale)."""
    return exponentials.float32(xp, inp, beta), output_scale


def float32_integers(xp, constants, q, out: Affine = INT8):
    """Stored outputs, as integral float32."""
    table, output_scale = constants
    exponential = xp.take(table, exponentials.below_largest(xp, q))
    steps_per_unit = np.float32(1) / (xp.expand_dims(xp.sum_in_order(exponential), -1) * output_scale)
    steps = exponential * steps_per_unit
    if out.qmin == 0:  # uint8 has an instruction less, and no zero point
        return xp.clip(xp.trunc(steps + np.float32(0.5)), out.qmin, out.qmax)
    return xp.clip(round_half_away(xp, steps) + out.zero_point, out.qmin, out.qmax)


def any_row(limit: int, constants, q: np.ndarray) -> bool:
    """The kernel takes any row."""
    return True


@dataclass(frozen=True)
class Method:
    """constants(xp, inp, beta, output_scale), integers(xp, constants, q, out), fits(limit, constants, q)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]
    fits: Callable[..., bool]


FIXED_POINT = Method(fixed_point_constants, fixed_point_integers, exponentials.sums_below)
FLOAT32 = Method(float32_constants, float32_integers, any_row)
SOFTMAX = {LITERT: FIXED_POINT, XNNPACK: FLOAT32, TFLM: FIXED_POINT}
SMALLEST_STEP = {LITERT: 2.0**-26, XNNPACK: 0.0, TFLM: 2.0**-26}
# What a row's exponentials must stay below, by the output's type: there the kernel aborts, here its sum overflows.
LARGEST_SUM = {"INT8": 512, "UINT8": 512, "INT16": 4096}


def constants(xp, profile: Profile, inp: Affine, beta: float = 1.0, output_scale=OUTPUT_SCALE):
    """The profile's constants, int8 in and out, or int16 in and out; output_scale: of int8."""
    if inp.qmax == INT16_MAX:
        return Fixed(softmax_16.integers, softmax_16.constants(xp, profile, inp, beta))
    method = SOFTMAX[profile]
    return Fixed(method.integers, method.constants(xp, inp, np.float32(beta), output_scale))


def integers(xp, profile: Profile, constants, q):
    """Stored outputs of stored inputs [..., classes], whole numbers."""
    return constants.of(xp, q)


def real(x: np.ndarray, beta: np.float32) -> np.ndarray:
    """float32 [..., classes]."""
    exponential = tables.exp(arrays, (x - x.max(axis=-1, keepdims=True)) * beta)
    return exponential / arrays.sum_in_order(exponential)[..., None]


# The op.

_LITERT_TYPES = {
    "INT8": ("INT8", "INT16"),
    "UINT8": ("UINT8", "INT16"),
    "INT16": ("INT16",),
    "FLOAT32": ("FLOAT32",),
}
_TFLM_TYPES = {"INT8": ("INT8", "INT16"), "UINT8": (), "INT16": ("INT16",), "FLOAT32": ("FLOAT32",)}
OUTPUT_TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: _TFLM_TYPES}
# (scale, zero point, relative tolerance of the scale) that the output must have, by types; no entry: the kernel does
# not look.
_LITERT_OUTPUTS = {("INT8", "INT8"): (1 / 256, -128, 0.001), ("INT16", "INT16"): (1 / 32768, 0, 0.001)}
_TFLM_OUTPUTS = {
    ("INT8", "INT8"): (1 / 256, -128, 0.0),
    ("INT8", "INT16"): (1 / 65536, -32768, 0.001),
    ("INT16", "INT16"): (1 / 32768, 0, 0.001),
}
OUTPUTS = {LITERT: _LITERT_OUTPUTS, XNNPACK: _LITERT_OUTPUTS, TFLM: _TFLM_OUTPUTS}


def stacks(node: Node) -> bool:
    """Samples stacked along axis 0 stay apart, unless that is the axis of the classes."""
    return unary.stacks(node) and len(node.outputs[0].shape) > 1


@dataclass(frozen=True, eq=False)
class Params:
    """constants: as the method gives them. out: the output's grid. name: the op, for errors."""

    method: Method
    constants: Any
    out: Affine
    dtype: np.dtype
    limit: int
    name: str

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The outputs of stored integers x. Raises TfqError where the real kernel would abort or overflow."""
        if not self.method.fits(self.limit, self.constants, x):
            raise TfqError(
                f"{self.name}: the exponentials of each row must add up to less than {self.limit}, or the real kernel "
                "aborts; received a row of too many nearly equal values. Use numerics='xnnpack', or end the model at "
                "its logits"
            )
        return self.method.integers(arrays, self.constants, x, self.out).astype(self.dtype)


def prepare(node: Node, profile: Profile) -> Params | softmax_16.Params | unary.Direct:
    """Constants of the op. Raises Unsupported for types, output grids and input scales that the kernels refuse."""
    x, y = unary.ends(node, SPEC)
    allowed = OUTPUT_TYPES[profile][x.type]
    if y.type not in allowed:
        taken = " or ".join(allowed) or "nothing"
        raise node.unsupported(f"{profile.name} takes {x.type} to {taken}, received output type {y.type}")
    if not x.shape or x.shape[-1] == 0:
        raise node.unsupported(f"the input must have a last axis with values, received shape {list(x.shape)}")
    beta = float(np.float32(node.options["beta"]))
    if not np.isfinite(beta):
        raise node.unsupported(f"beta must be finite, received {beta}")
    if x.type == "FLOAT32":
        return unary.Direct(partial(real, beta=np.float32(beta)))
    inp, out = unary.centred_grids(node, x, y) if x.type == "INT16" else (unary.grid(node, x), unary.grid(node, y))
    _check_output(node, out, OUTPUTS[profile].get((x.type, y.type)))
    if x.type == "INT16":
        return softmax_16.params(node, profile, inp, beta)
    if not beta * float(inp.scale) > SMALLEST_STEP[profile]:
        raise node.unsupported(
            f"{profile.name} needs beta * input scale above {SMALLEST_STEP[profile]}, received {beta} * {inp.scale}"
        )
    with np.errstate(over="ignore"):
        fixed = SOFTMAX[profile].constants(arrays, inp, np.float32(beta), out.scale)
    name = f"op {node.index} {node.operator.code} {y.name!r}"
    return Params(SOFTMAX[profile], fixed, out, y.dtype, LARGEST_SUM[y.type], name)


def _check_output(node: Node, out: Affine, expected: tuple[float, int, float] | None) -> None:
    if expected is None:
        return
    scale, zero_point, tolerance = expected
    if abs(out.scale - np.float32(scale)) > tolerance * scale or out.zero_point != zero_point:
        raise node.unsupported(
            f"output must have scale 1/{1 / scale:.0f} and zero point {zero_point}, "
            f"received {out.scale} and {out.zero_point:g}"
        )


def evaluate(params: Params | softmax_16.Params | unary.Direct, x: np.ndarray) -> np.ndarray:
    """x: [..., classes] -> the same shape. Raises TfqError where the real kernel would abort."""
    return by_rows(params, x.reshape(-1, x.shape[-1])).reshape(x.shape)
