"""CUMSUM along an axis: each cell the sum of those up to it, or before it (exclusive), or behind it (reverse).

Added in order; float32 is rounded at each addition, integers wrap. tflm takes float32 and int8:
    acc starts at r((-z) << 20), grows by r((q - z) << 20) a cell; y = clamp(R(acc) + z_out)
with r the multiplier 1/2 and R that of 2 * s / (2**20 * s_out), two roundings each. Its sum starts at minus the zero
point instead of 0: every cell is off by it (tflite-micro kernels/internal/reference/cumsum.h, "accumulator = 0").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier, wrap32
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, grid_of
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import axis_in, moved, operand, require_type, types_of

_LITERT_TYPES = ("INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "FLOAT32")}
SPEC = Spec(
    "CUMSUM",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/cumsum.cc; "
    "tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/cumsum.h",
)

_LEFT_SHIFT = 2**20


@dataclass(frozen=True, eq=False)
class Params:
    """sums: (x with the axis in front, exclusive) -> the output likewise. axis: counted from the front."""

    sums: Callable[[np.ndarray, bool], np.ndarray]
    axis: int
    exclusive: bool
    reverse: bool


def plain_sums(x: np.ndarray, exclusive: bool) -> np.ndarray:
    """Sums along axis 0 in x's own type."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.add.accumulate(x, axis=0, dtype=x.dtype)
    return np.concatenate([np.zeros_like(sums[:1]), sums[:-1]]) if exclusive else sums


@dataclass(frozen=True)
class Quantized:
    """zero_point: of the input. Multipliers: (multiplier, shift)."""

    zero_point: int
    input: tuple[int, int]
    output: tuple[int, int]
    output_zero_point: int


def quantized_sums(constants: Quantized, x: np.ndarray, exclusive: bool) -> np.ndarray:
    """Sums of int8 codes along axis 0, on the output's grid."""
    steps = (x.astype(np.int64) - constants.zero_point) * _LEFT_SHIFT
    steps = multiply_by_quantized_multiplier(arrays, steps, *constants.input)
    start = multiply_by_quantized_multiplier(arrays, np.int64(-constants.zero_point * _LEFT_SHIFT), *constants.input)
    sums = start + np.cumsum(steps, axis=0)
    if exclusive:
        sums = np.concatenate([np.full_like(sums[:1], start), sums[:-1]])
    y = multiply_by_quantized_multiplier(arrays, wrap32(arrays, sums), *constants.output)
    return np.clip(y + constants.output_zero_point, -128, 127).astype(np.int8)


def _quantized(node: Node) -> Quantized:
    x, y = grid_of(node, given(node)), grid_of(node, node.outputs[0])
    twice = 2 * np.float64(x.scale)
    result = twice / (_LEFT_SHIFT * np.float64(y.scale))
    if result >= 1:
        raise node.unsupported(f"the input scale {x.scale:.9g} is too large for the output scale {y.scale:.9g}")
    return Quantized(
        int(x.zero_point),
        _pair(np.float64(x.scale) / twice),
        _pair(result),
        int(y.zero_point),
    )


def _pair(real: np.float64) -> tuple[int, int]:
    multiplier, shift = quantize_multiplier(arrays, real)
    return int(multiplier), int(shift)


def prepare(node: Node, profile: Profile) -> Params:
    """Axis and direction. Raises Unsupported for types, an axis out of range, scales that a runtime does not take."""
    x = moved(node, profile, TYPES)
    require_type(node, 1, "INT32")
    sums = partial(quantized_sums, _quantized(node)) if x.type == "INT8" else plain_sums
    return Params(sums, _axis(node), bool(node.options.get("exclusive")), bool(node.options.get("reverse")))


def _axis(node: Node) -> int:
    return axis_in(node, operand(node, 1, "the axis", 1)[0], len(given(node).shape))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless they are added up."""
    return rows_apart(node) and _axis(node) != 0


def evaluate(params: Params, x, axis=None) -> np.ndarray:
    """x -> its sums, of x's shape."""
    cells = np.moveaxis(x, params.axis, 0)
    if not cells.size:
        return x
    sums = params.sums(cells[::-1], params.exclusive)[::-1] if params.reverse else params.sums(cells, params.exclusive)
    return np.asarray(np.moveaxis(sums, 0, params.axis), order="C")
