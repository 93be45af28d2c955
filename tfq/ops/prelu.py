"""PRELU: y = x >= 0 ? x : x * alpha, alpha broadcasting to x's shape.

int8, uint8, int16 (whose alpha is int8): d = x - x_zero; y = round(d * m1) for d >= 0 and else
round(d * (alpha - alpha_zero) * m2), plus y_zero, clamped; m1 and m2 are the 31-bit multipliers of x_scale / y_scale
and x_scale * alpha_scale / y_scale (litert: float32 ratios, tflm: float64), two roundings.
float32: the product itself. XNNPACK takes float32 only.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.profiles import BUILT_IN, LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, all_types, direct, evaluate, params_of, require_ends
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, affine_of, rows_apart

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "FLOAT32")}

SPEC = Spec(
    "PRELU",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc, internal/reference/prelu.h; google/XNNPACK src/f32-vbinary; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/prelu_common.cc",
)

stacks = rows_apart

# TFLite Micro aborts on float32 of more axes.
MOST_AXES = {LITERT: 8, XNNPACK: 8, TFLM: 4}
_MOST_RATIO = 2.0**30


class Constants(NamedTuple):
    """zero_points: of x, alpha and output, int64. Each multiplier a pair (int64 multiplier, int64 shift)."""

    zero_points: tuple[Any, Any, Any]
    positive: tuple[Any, Any]
    negative: tuple[Any, Any]
    bounds: tuple[int, int]


def constants(xp, profile: Profile, x: Affine, alpha: Affine, out: Affine) -> Constants:
    """The constants of the profile's kernel, 8 or 16 bits; each grid has one scale. XNNPACK leaves it to LiteRT."""
    kernel = BUILT_IN[profile]
    x_zero, alpha_zero, out_zero = (xp.cast(grid.zero_point, "int64") for grid in (x, alpha, out))
    return Constants(
        (x_zero, alpha_zero, out_zero),
        quantize_multiplier(xp, kernel.ratio(xp, x.scale, out.scale)),
        kernel.product.constants(xp, x.scale, alpha.scale, out.scale),
        (out.qmin, out.qmax),
    )


def integers(xp, profile: Profile, constants: Constants, qx, qalpha):
    """Stored integers of the output, int64; qx, qalpha: stored integers that broadcast."""
    x_zero, alpha_zero, out_zero = constants.zero_points
    x, alpha = xp.cast(qx, "int64") - x_zero, xp.cast(qalpha, "int64") - alpha_zero
    positive = multiply_by_quantized_multiplier(xp, x, *constants.positive)
    negative = multiply_by_quantized_multiplier(xp, x * alpha, *constants.negative)
    return xp.clip(xp.where(x >= 0, positive, negative) + out_zero, *constants.bounds)


def real(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """float32 x where it is not negative, else x * alpha."""
    with np.errstate(all="ignore"):
        return np.where(x >= 0, x, x * alpha)


def _require(node: Node, profile: Profile) -> str:
    require_ends(node, 2)
    x, alpha, y = given(node), given(node, 1), node.outputs[0]
    if x.type not in TYPES[profile]:
        raise node.unsupported(f"{profile.name} takes {', '.join(TYPES[profile])}, received {x.type}")
    expected = ("INT8" if x.type == "INT16" else x.type, x.type)
    if (alpha.type, y.type) != expected:
        raise node.unsupported(
            f"alpha and output must be {expected[0]} and {expected[1]}, received {alpha.type} and {y.type}"
        )
    try:
        fits = np.broadcast_shapes(x.shape, alpha.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise node.unsupported(f"alpha {list(alpha.shape)} does not broadcast to the input {list(x.shape)}")
    return x.type


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the op. Raises Unsupported for types, shapes and scales that the profile's kernel does not take."""
    if _require(node, profile) == "FLOAT32":
        if len(given(node).shape) > MOST_AXES[profile]:
            raise node.unsupported(f"{profile.name} takes up to {MOST_AXES[profile]} axes")
        return direct(node, real)
    x, alpha, out = (affine_of(node, tensor) for tensor in (given(node), given(node, 1), node.outputs[0]))
    if any(np.ndim(grid.scale) for grid in (x, alpha, out)):
        raise node.unsupported("input, alpha and output must have one scale each")
    if float(x.scale) * max(1.0, float(alpha.scale)) >= _MOST_RATIO * float(out.scale):
        raise node.unsupported("input scale (times alpha's) / output scale must be below 2**30")
    fixed = partial(integers, arrays, profile, constants(arrays, profile, x, alpha, out))
    return direct(node, fixed) if alpha.qmin != x.qmin else params_of(node, fixed)
