"""SQUARED_DIFFERENCE: y = clamp(round((a - b)**2 / y_scale) + y_zero), with the reals of a and b, in integers.

int8: both operands, shifted left by 7, are brought to twice the larger scale t as in ADD; the difference is squared and
brought to the output's scale by the 31-bit multiplier of t**2 / (2**14 * y_scale), with two roundings.
tflm: the same, and int16 without the left shift; the multiplier may be 1 or more.
float32, int32: (a - b) * (a - b). Others are refused. XNNPACK takes float32 only.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, all_types, direct, evaluate, grids, params_of, require_symmetric, require_types
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.plain import is_number

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

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
    """Each multiplier a pair (int64 multiplier, int64 shift). left: factor of both operands."""

    left: int
    zero_points: tuple[int, int, int]
    a: tuple[np.ndarray, np.ndarray]
    b: tuple[np.ndarray, np.ndarray]
    out: tuple[np.ndarray, np.ndarray]
    bounds: tuple[int, int]


def square_of_difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(a - b)**2 in the operands' own arithmetic."""
    with np.errstate(all="ignore"):
        difference = a - b
        return difference * difference


def constants(a: Affine, b: Affine, out: Affine) -> tuple[Constants, float]:
    """The constants, and the output's real multiplier."""
    left = _LEFT_SHIFT[out.qmax]
    with np.errstate(over="ignore"):
        twice = np.float64(np.float32(2) * np.maximum(a.scale, b.scale))
        real = twice * twice / np.float64(np.float32(left * left) * out.scale)
    fixed = Constants(
        left,
        (int(a.zero_point), int(b.zero_point), int(out.zero_point)),
        quantize_multiplier(arrays, np.float64(a.scale) / twice),
        quantize_multiplier(arrays, np.float64(b.scale) / twice),
        quantize_multiplier(arrays, real),
        (out.qmin, out.qmax),
    )
    return fixed, float(real)


def integers(constants: Constants, qa: np.ndarray, qb: np.ndarray) -> np.ndarray:
    """Stored integers of the square; qa, qb: stored integers that broadcast."""
    a = (qa.astype(np.int64) - constants.zero_points[0]) * constants.left
    b = (qb.astype(np.int64) - constants.zero_points[1]) * constants.left
    a = multiply_by_quantized_multiplier(arrays, a, *constants.a)
    b = multiply_by_quantized_multiplier(arrays, b, *constants.b)
    y = multiply_by_quantized_multiplier(arrays, (a - b) * (a - b), *constants.out)
    return np.clip(y + constants.zero_points[2], *constants.bounds)


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the square. Raises Unsupported for types and for an output scale that is too small."""
    type_ = require_types(node, profile, TYPES)
    if is_number(node):
        return direct(node, square_of_difference)
    a, b, out = grids(node)
    if type_ == "INT16":
        require_symmetric(node, a, b, out)
    fixed, real = constants(a, b, out)
    if real >= MOST[profile]:
        raise node.unsupported(
            f"the output scale must be larger: the multiplier is {real:.9g}, expected less than {MOST[profile]:g}"
        )
    return params_of(node, partial(integers, fixed))
