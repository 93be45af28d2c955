"""int16 ADD and SUB whose scales are powers of two: LiteRT's kernel without multipliers.

y = clamp(a >> (log2(y_scale) - log2(a_scale)) +- b >> (log2(y_scale) - log2(b_scale))), each shift rounding halves away
from zero. One operand must be on the output's scale and none on a coarser one, else LiteRT refuses the file.

It runs where the option pot_scale_int16 is true, the schema's default, and all three scales are powers of two.
Source: google-ai-edge/LiteRT tflite/kernels/add.cc Prepare, sub.cc PrepareInt16SubOpPOT, internal/reference/add.h.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import rounding_divide_by_pot
from tfq.numerics.profiles import LITERT, activation_bounds
from tfq.ops.binary import Params, params_of
from tfq.ops.checks import given
from tfq.ops.contract import Node

_FRACTION = np.float32(1e-3)
# The kernel shifts 16-bit numbers.
_LARGEST_SHIFT = 15


def _log2(scale: np.float32) -> tuple[int, bool]:
    """(log2(scale) rounded, whether scale is that power of two to within a thousandth of its exponent)."""
    exponent = np.log(np.float32(scale)) * (np.float32(1) / np.log(np.float32(2)))
    whole = np.round(exponent)
    return int(whole), bool(abs(exponent - whole) < _FRACTION)


def applies(node: Node, *grids: Affine) -> bool:
    """Whether this kernel runs."""
    return bool(node.options.get("pot_scale_int16", True)) and all(_log2(grid.scale)[1] for grid in grids)


def shifted_sum(node: Node, a: Affine, b: Affine, out: Affine, sign: int) -> Params:
    """Params of a + sign * b. Raises Unsupported where LiteRT refuses the scales, or aborts on the shapes (ADD)."""
    exponents = [_log2(grid.scale)[0] for grid in (a, b, out)]
    shifts = (exponents[2] - exponents[0], exponents[2] - exponents[1])
    if 0 not in shifts or not 0 <= min(shifts) <= max(shifts) <= _LARGEST_SHIFT:
        raise node.unsupported(
            "with scales that are powers of two (and pot_scale_int16) one input must be on the output's scale and the "
            f"other on the same or one up to 2**15 finer, received 2**{exponents[0]}, 2**{exponents[1]} and "
            f"2**{exponents[2]}"
        )
    if sign > 0 and given(node, 0).shape != given(node, 1).shape:
        raise node.unsupported("with scales that are powers of two (and pot_scale_int16) the shapes must be equal")
    activation = node.options.get("fused_activation_function", "NONE")
    low, high = activation_bounds(arrays, LITERT, activation, out)
    return params_of(node, partial(_integers, shifts, sign, int(low), int(high)))


def _integers(shifts: tuple[int, int], sign: int, low: int, high: int, qa: np.ndarray, qb: np.ndarray) -> np.ndarray:
    a = rounding_divide_by_pot(arrays, qa.astype(np.int64), np.int64(shifts[0]))
    b = rounding_divide_by_pot(arrays, qb.astype(np.int64), np.int64(shifts[1]))
    return np.clip(a + sign * b, low, high)
