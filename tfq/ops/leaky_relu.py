"""LEAKY_RELU: y = x if x >= 0 else alpha * x, as a table of all codes.

litert and tflm: a fixed-point product with two roundings for either sign, of ratios taken in float32 (litert) or
float64 (tflm). xnnpack: 8 fraction bits and halves up, for 8 bits and ratios in its range; LiteRT's kernel for the
others. Its int16 runs LiteRT's optimized kernel, which parts from the reference in the ties of a negative alpha.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tfq.numerics import fixed_point
from tfq.numerics.affine import Affine, divide
from tfq.numerics.profiles import BUILT_IN, INT16_MAX, LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "Params", "evaluate", "integers", "prepare", "stacks", "table"]

SPEC = Spec(
    "LEAKY_RELU",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc LeakyReluPrepare; google/XNNPACK src/microparams-init.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/leaky_relu_common.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}
# The largest ratio whose left shift stays below 31 bits.
_MOST_RATIO = 2.0**30


def float32_ratios(xp, inp: Affine, out: Affine, alpha: float):
    """f32(s_in / s_out), f32(f32(s_in * alpha) / s_out)."""
    return divide(xp, inp.scale, out.scale), divide(xp, inp.scale * np.float32(alpha), out.scale)


def float64_ratios(xp, inp: Affine, out: Affine, alpha: float):
    """s_in / s_out, s_in * f32(alpha) / s_out in float64."""
    s_in, s_out = xp.cast(inp.scale, "float64"), xp.cast(out.scale, "float64")
    return s_in / s_out, s_in * float(np.float32(alpha)) / s_out


def fixed_point_form(xp, q, ratios, inp: Affine, out: Affine, alpha: float, signed: bool = False):
    """Two roundings for either sign.

    A negative alpha is a positive one whose products are negated or, where `signed`, whose multiplier is.
    """
    x = xp.cast(q, "int64") - xp.cast(inp.zero_point, "int64")
    (one, left), (slope, slope_left) = (
        fixed_point.quantize_multiplier(xp, xp.cast(xp.abs(ratio), "float64")) for ratio in ratios(xp, inp, out, alpha)
    )
    positive = fixed_point.multiply_by_quantized_multiplier(xp, x, one, left)
    slope = -slope if alpha < 0 and signed else slope
    negative = fixed_point.multiply_by_quantized_multiplier(xp, x, slope, slope_left)
    y = xp.where(x >= 0, positive, negative if alpha >= 0 or signed else -negative)
    return xp.clip(y + xp.cast(out.zero_point, "int64"), out.qmin, out.qmax)


def eight_fraction_bits(xp, q, inp: Affine, out: Affine, alpha: float):
    """Halves up of the product with round(256 * ratio), all exact in float32."""
    x = xp.cast(q, "float32") - inp.zero_point
    ratio = divide(xp, inp.scale, out.scale)
    positive = xp.round(np.float32(256) * ratio)
    negative = xp.round(np.float32(256) * (ratio * np.float32(alpha)))
    acc = x * xp.where(x < 0, negative, positive) + (out.zero_point * 256 + 128)
    return xp.clip(xp.floor(acc * np.float32(1 / 256)), out.qmin, out.qmax)


LEAKY_RELU: dict[Profile, Callable[..., Any]] = {
    LITERT: partial(fixed_point_form, ratios=float32_ratios),
    XNNPACK: eight_fraction_bits,
    TFLM: partial(fixed_point_form, ratios=float64_ratios),
}
LEAKY_RELU_16: dict[Profile, Callable[..., Any]] = {
    LITERT: LEAKY_RELU[LITERT],
    XNNPACK: partial(fixed_point_form, ratios=float32_ratios, signed=True),
    TFLM: LEAKY_RELU[TFLM],
}
# tflm alone takes int16 with zero points.
GRIDS = {LITERT: unary.centred_grids, XNNPACK: unary.centred_grids, TFLM: unary.any_grids}


# By the input's largest code.
FORMS = {127: LEAKY_RELU, 255: LEAKY_RELU, INT16_MAX: LEAKY_RELU_16}


def integers(xp, profile: Profile, inp: Affine, out: Affine, q, alpha: float):
    """Stored outputs of stored inputs. xnnpack, 8 bits: for ratios in its range, see `prepare`."""
    return FORMS[inp.qmax][profile](xp, q, inp=inp, out=out, alpha=alpha)


def table(xp, profile: Profile, inp: Affine, out: Affine, alpha: float):
    """The 256 or 65,536 stored outputs for codes qmin..qmax, whole numbers."""
    return integers(xp, profile, inp, out, unary.codes(xp, inp), alpha)


def in_xnnpack_range(inp: Affine, out: Affine, alpha: float) -> bool:
    """Whether XNNPACK takes the op: both |ratios| in [1/256, 128]. Source: LiteRT xnnpack_delegate.cc."""
    positive = np.float32(inp.scale) / np.float32(out.scale)
    negative = positive * np.float32(alpha)
    return all(1 / 256 <= abs(ratio) <= 128 for ratio in (positive, negative)) and bool(negative >= -127.99609375)


def real(x: np.ndarray, alpha: np.float32) -> np.ndarray:
    """float32."""
    return np.where(x > 0, x, x * alpha)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types without a kernel and for scales too far apart."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    alpha = float(node.options["alpha"])
    if x.type == "FLOAT32":
        return Direct(partial(real, alpha=np.float32(alpha)))
    inp, out = GRIDS[profile](node, x, y)
    ratio = float(inp.scale) / float(out.scale)
    if not (ratio < _MOST_RATIO and ratio * abs(alpha) < _MOST_RATIO):
        raise node.unsupported(f"input scale / output scale, and alpha times it, must be below 2**30, not {ratio:g}")
    runs = profile if x.type == "INT16" or in_xnnpack_range(inp, out, alpha) else BUILT_IN[profile]
    return unary.params(node, runs, partial(table, alpha=alpha), inp, out)
