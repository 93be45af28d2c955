"""What EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL share.

8-bit operands, and int16 in EQUAL and NOT_EQUAL: each side is (q - zero) * 2**8 * scale, brought to an integer by the
31-bit multiplier of scale with two roundings, and the integers are compared. So reals closer than about 2**-8 may be
equal. With a scale above 1 LiteRT's kernel shifts by a negative amount and answers wrongly; litert and xnnpack follow
that as x86-64 does it (see beyond_shifts). A scale of exactly 1 aborts it, and TFLite Micro's from 1 on: refused.
int16 in the other four, and every type without scales, compare the stored numbers.

XNNPACK takes no comparison: xnnpack runs LiteRT's kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import quantize_multiplier, saturating_rounding_doubling_high_mul
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.beyond_shifts import rounding_divide_by_pot_anywhere
from tfq.ops.binary import Params, all_types, direct, params_of, require_types
from tfq.ops.checks import given, grid_of
from tfq.ops.contract import Node, Spec

SOURCE = (
    "google-ai-edge/LiteRT tflite/kernels/comparisons.cc, internal/reference/comparisons.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/comparisons.cc"
)
_ORDERED = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
_MICRO = ("INT8", "INT32", "INT64", "FLOAT32")
# Types of the order relations, and of EQUAL and NOT_EQUAL.
ORDERED = {LITERT: _ORDERED, XNNPACK: _ORDERED, TFLM: _MICRO}
EQUATED = {profile: (*types, "BOOL") for profile, types in ORDERED.items()}

_LEFT_SHIFT = 2**8
# Scales that abort the kernel.
ABORTS = {LITERT: lambda scale: scale == 1, XNNPACK: lambda scale: scale == 1, TFLM: lambda scale: scale >= 1}

Relation = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Side(NamedTuple):
    """One operand's constants: zero point, multiplier and shift."""

    zero_point: int
    multiplier: np.ndarray
    shift: np.ndarray


def spec(code: str, types) -> Spec:
    """The SPEC of a comparison."""
    return Spec(code, all_types(types), SOURCE)


def side(grid: Affine) -> Side:
    """The constants of an operand."""
    return Side(int(grid.zero_point), *quantize_multiplier(arrays, np.float64(grid.scale)))


def scaled(side: Side, q: np.ndarray) -> np.ndarray:
    """The integer that stands for a stored integer."""
    shifted = (q.astype(np.int64) - side.zero_point) * _LEFT_SHIFT
    high = saturating_rounding_doubling_high_mul(arrays, shifted, side.multiplier)
    return rounding_divide_by_pot_anywhere(high, -side.shift)


def _compare_scaled(relation: Relation, a: Side, b: Side, qa: np.ndarray, qb: np.ndarray) -> np.ndarray:
    return relation(scaled(a, qa), scaled(b, qb))


def prepare_scaled(node: Node, profile: Profile, relation: Relation) -> Params:
    """Constants of a comparison of reals. Raises Unsupported without scales, and for scales that abort the kernel."""
    a, b = (grid_of(node, given(node, position)) for position in (0, 1))
    if ABORTS[profile](a.scale) or ABORTS[profile](b.scale):
        scales = f"{float(a.scale):.9g} and {float(b.scale):.9g}"
        raise node.unsupported(f"scales must be below 1, received {scales}; {profile.name}'s kernel aborts")
    return params_of(node, partial(_compare_scaled, relation, side(a), side(b)))


def prepare(node: Node, profile: Profile, types, relation: Relation, scaled_types: tuple[str, ...]) -> Params:
    """relation of the operands: on reals for the scaled types, on stored numbers for the others.

    Raises Unsupported for types and shapes that the profile's kernel does not take.
    """
    type_ = require_types(node, profile, types, "BOOL")
    if type_ in scaled_types:
        return prepare_scaled(node, profile, relation)
    return direct(node, relation)
