"""SQUARED_DIFFERENCE: y = clamp(round((a - b)**2 / y_scale) + y_zero), with the reals of a and b, in integers.

int8: both operands, shifted left by 7, are brought to twice the larger scale t as in ADD; the difference is squared and
brought to the output's scale by the 31-bit multiplier of t**2 / (2**14 * y_scale), with two roundings.
tflm: the same, and int16 without the left shift; the multiplier may be 1 or more.
float32, int32: (a - b) * (a - b). Others are refused. XNNPACK takes float32 only.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, all_types, direct, evaluate, grids, params_of, require_symmetric, require_types
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.plain import is_number

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

_LITERT_TYPES = ("INT8", "INT32", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}

SPEC = Spec(
    "SQUARED_DIFFERENCE",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/squared_difference.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/squared_difference.cc",
)

stacks = rows_apart

# By the largest stored value.
_LEFT_SHIFT = {127: 2**7, 32767: 1}
# The multiplier must be below this: LiteRT's kernel aborts, TFLite Micro's left shift must stay below 31 bits.
MOST = {LITERT: 1.0, XNNPACK: 1.0, TFLM: 2.0**30}


class Constants(NamedTuple):
    """left: factor of both operands. zero_points: int64. Each multiplier a pair (int64 multiplier, int64 shift)."""

    left: int
    zero_points: tuple[Any, Any, Any]
    a: tuple[Any, Any]
    b: tuple[Any, Any]
    out: tuple[Any, Any]
    bounds: tuple[int, int]


def square_of_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(a - b)**2 in the operands' own arithmetic."""
    with np.errstate(all="ignore"):
        difference = a - b
        return difference * difference


def _twice(xp, a: Affine, b: Affine):
    return xp.cast(xp.maximum(a.scale, b.scale) * np.float32(2), "float64")


def _multiplier(xp, a: Affine, b: Affine, out: Affine):
    """The output's real multiplier, float64."""
    twice = _twice(xp, a, b)
    return twice * twice / xp.cast(out.scale * np.float32(_LEFT_SHIFT[out.qmax] ** 2), "float64")


def constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine) -> Constants:
    """The constants of (a - b)**2 on the output's grid: int8 in every profile, int16 in tflm."""
    twice = _twice(xp, a, b)
    a_zero, b_zero, out_zero = (xp.cast(grid.zero_point, "int64") for grid in (a, b, out))
    return Constants(
        _LEFT_SHIFT[out.qmax],
        (a_zero, b_zero, out_zero),
        quantize_multiplier(xp, xp.cast(a.scale, "float64") / twice),
        quantize_multiplier(xp, xp.cast(b.scale, "float64") / twice),
        quantize_multiplier(xp, _multiplier(xp, a, b, out)),
        (out.qmin, out.qmax),
    )


def integers(xp, profile: Profile, constants: Constants, qa, qb):
    """Stored integers of the square, int64; qa, qb: stored integers that broadcast."""
    a_zero, b_zero, out_zero = constants.zero_points
    a = (xp.cast(qa, "int64") - a_zero) * constants.left
    b = (xp.cast(qb, "int64") - b_zero) * constants.left
    a = multiply_by_quantized_multiplier(xp, a, *constants.a)
    b = multiply_by_quantized_multiplier(xp, b, *constants.b)
    y = multiply_by_quantized_multiplier(xp, (a - b) * (a - b), *constants.out)
    return xp.clip(y + out_zero, *constants.bounds)


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the square. Raises Unsupported for types and for an output scale that is too small."""
    type_ = require_types(node, profile, TYPES)
    if is_number(node):
        return direct(node, square_of_difference)
    a, b, out = grids(node)
    if type_ == "INT16":
        require_symmetric(node, a, b, out)
    with np.errstate(over="ignore"):
        real = float(_multiplier(arrays, a, b, out))
    if real >= MOST[profile]:
        raise node.unsupported(
            f"the output scale must be larger: the multiplier is {real:.9g}, expected less than {MOST[profile]:g}"
        )
    return params_of(node, partial(integers, arrays, profile, constants(arrays, profile, a, b, out)))
