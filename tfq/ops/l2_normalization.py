"""L2_NORMALIZATION over the last axis: y = x / sqrt(sum of x**2); 8-bit outputs have scale 1/128, zero in the middle.

8 bits: m, s = numerics.inverse_sqrt of the sum of (q - zero)**2, then q - zero times m with two roundings, 7 fraction
bits. int8 takes the 7 bits from the shift, uint8 multiplies by 128 first. Every profile runs the same kernel; tflm has
no uint8, takes up to 4 axes and does not look at the output's grid.
float32: the sum in index order, the norm at least 1e-6, all in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier
from tfq.numerics.inverse_sqrt import inverse_sqrt
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.blocks import by_rows
from tfq.ops.checks import require_rank
from tfq.ops.contract import Node, Spec
from tfq.ops.softmax import stacks

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "L2_NORMALIZATION",
    ("INT8", "UINT8", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/l2norm.cc, internal/reference/integer_ops/l2normalization.h, "
    "internal/reference/l2normalization.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/l2norm.cc",
)

OUTPUT_SCALE = np.float32(1 / 128)
LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 4}
CHECKS_OUTPUT = {LITERT: True, XNNPACK: True, TFLM: False}
# The sum of squares is an int32; no difference exceeds 255.
_LONGEST_ROW = (2**31 - 1) // 255**2
_SMALLEST_NORM = np.float32(1e-6)


def bits_from_shift(xp, difference, multiplier, shift):
    """int8."""
    return multiply_by_quantized_multiplier(xp, difference, multiplier, shift + 7)


def bits_first(xp, difference, multiplier, shift):
    """uint8."""
    return multiply_by_quantized_multiplier(xp, difference * 128, multiplier, shift) + 128


class Constants(NamedTuple):
    """rescale(xp, difference, multiplier, shift) -> stored outputs before the clamp."""

    zero_point: Any
    rescale: Callable[..., Any]
    bounds: tuple[int, int]


_RESCALES = {-128: bits_from_shift, 0: bits_first}


def constants(xp, profile: Profile, inp: Affine) -> Constants:
    """The constants of a row's normalization, 8 bits; the output's grid is fixed: 1/128, zero in the middle."""
    return Constants(xp.cast(inp.zero_point, "int64"), _RESCALES[inp.qmin], (inp.qmin, inp.qmax))


def integers(xp, profile: Profile, constants: Constants, q):
    """Stored outputs of stored inputs [..., values], int64."""
    difference = xp.cast(q, "int64") - constants.zero_point
    total = xp.sum(difference * difference, axis=-1, keepdims=True)
    return xp.clip(constants.rescale(xp, difference, *inverse_sqrt(xp, total)), *constants.bounds)


@dataclass(frozen=True, eq=False)
class Params:
    """constants: of the profile's integers."""

    profile: Profile
    constants: Constants

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: int8 or uint8 [..., values] -> the same."""
        return by_rows(self._rows, x.reshape(-1, x.shape[-1])).reshape(x.shape)

    def _rows(self, x: np.ndarray) -> np.ndarray:
        return integers(arrays, self.profile, self.constants, x).astype(x.dtype)


def real(x: np.ndarray) -> np.ndarray:
    """float32 [..., values], of which there may be none."""
    if not x.size:
        return x
    norm = np.sqrt(arrays.sum_in_order(x * x))[..., None]
    return x / np.maximum(norm, _SMALLEST_NORM)


def prepare(node: Node, profile: Profile) -> Params | unary.Direct:
    """Constants of the op. Raises Unsupported for types, shapes, activations and output grids that kernels refuse."""
    x, y = unary.alike(node, SPEC, profile, unary.NUMBERS)
    require_rank(node, LARGEST_RANK[profile])
    if not x.shape or (x.type != "FLOAT32" and not 0 < x.shape[-1] <= _LONGEST_ROW):
        raise node.unsupported(f"the last axis must have 1 to {_LONGEST_ROW} values, received shape {list(x.shape)}")
    activation = node.options.get("fused_activation_function", "NONE")
    if activation != "NONE":
        raise node.unsupported(f"the kernels have no fused activation here, received {activation}")
    if x.type == "FLOAT32":
        return unary.Direct(real)
    inp, out = unary.grid(node, x), unary.grid(node, y)
    middle = out.qmin + 128
    if CHECKS_OUTPUT[profile] and (out.scale != OUTPUT_SCALE or out.zero_point != middle):
        raise node.unsupported(
            f"output must have scale 1/128 and zero point {middle}, received {out.scale} and {out.zero_point:g}"
        )
    return Params(profile, constants(arrays, profile, inp))


def evaluate(params: Params | unary.Direct, x: np.ndarray) -> np.ndarray:
    """x: [..., values] -> the same shape and type."""
    return params(x)
