"""RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1: y = clamp(rescale(q - zero) + y_zero), the bounds on the output's grid.

litert and xnnpack (which leaves it to LiteRT's kernel): 31-bit multiplier of the float32 ratio scale / y_scale, two
roundings. tflm: of the float64 ratio; its RELU6 does not rescale at all: y = min(max(q, zero), zero + 6 / scale) on
the input's grid. Bounds round halves away from zero. tflm has RELU and RELU6 only. float32 is clamped as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import rescale
from tfq.numerics.affine import Affine, divide
from tfq.numerics.fixed_point import quantize_multiplier
from tfq.numerics.profiles import BUILT_IN, LITERT, TFLM, XNNPACK, Profile, activation_bounds, kernel_of
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "RELU",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc ReluPrepare, QuantizedReluX; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/activations_common.cc",
)

# The widest left shift of the int32 form: |q - zero| <= 255 times 2**10 is saturated on any grid, and still fits.
_MOST_SHIFT = 10
_POWERS = 2 ** np.arange(31)


TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}
REAL_BOUNDS = {"RELU": (0, np.inf), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1), "RELU_0_TO_1": (0, 1)}
# The fused activations that have the lower and the upper bound.
_BOUNDS_OF = {"RELU_0_TO_1": ("RELU", "RELU_N1_TO_1")}


class Constants(NamedTuple):
    """apply(xp, acc, multiplier) rescales. bounds: lowest and highest stored output."""

    apply: Callable[..., Any]
    input_zero_point: Any
    multiplier: tuple[Any, ...]
    zero_point: Any
    bounds: tuple[Any, Any]


def fixed_point_multiplier(xp, profile: Profile, inp: Affine, out: Affine):
    """(int64 multiplier, int64 shift) of the profile's ratio."""
    return quantize_multiplier(xp, profile.ratio(xp, inp.scale, out.scale))


def fixed_point_apply(xp, acc, multiplier):
    """Two roundings in int64."""
    return rescale.two_rounding_apply(xp, acc, multiplier)


def int32_multiplier(xp, profile: Profile, inp: Affine, out: Affine):
    """(high 12 bits, low 12 bits, shift) of the float32 ratio, int32: its 31-bit multiplier is 24 bits and zeros."""
    fraction, exponent = xp.frexp(divide(xp, inp.scale, out.scale))
    bits = xp.cast(fraction * np.float32(2**24), "int32")
    high = xp.floor_divide(bits, 4096)
    return high, bits - high * 4096, xp.clip(xp.cast(exponent, "int32"), -30, _MOST_SHIFT)


def int32_apply(xp, acc, multiplier):
    """The two roundings of fixed_point_apply for |acc| <= 255 and a float32 ratio, without 64-bit integers.

    first:  (acc * 2**max(shift, 0) * bits + 2**23) >> 24, in two halves that fit int32
    second: x / 2**-shift, halves away from zero
    """
    high, low, shift = multiplier
    powers = xp.asarray(_POWERS, "int32")
    acc = xp.cast(acc, "int32") * xp.take(powers, xp.maximum(shift, 0))
    twelve = xp.asarray(12, "int32")
    x = xp.right_shift(acc * high + xp.right_shift(acc * low + 2**23, twelve), twelve)
    right = xp.maximum(-shift, 0)
    nudge = xp.take(powers, xp.maximum(right - 1, 0)) - xp.cast(x < 0, "int32")
    return xp.where(right > 0, xp.right_shift(x + nudge, right), x)


class Method(NamedTuple):
    """multiplier(xp, profile, inp, out) and apply(xp, acc, multiplier)."""

    multiplier: Callable[..., Any]
    apply: Callable[..., Any]


_FIXED_POINT = Method(fixed_point_multiplier, fixed_point_apply)
METHODS = {LITERT: _FIXED_POINT, XNNPACK: Method(int32_multiplier, int32_apply), TFLM: _FIXED_POINT}
# The kernels' left shift must stay below 31 bits; the int32 form stops following where it begins to wrap.
MOST_RATIO = {LITERT: 2.0**30, XNNPACK: 2.0**16, TFLM: 2.0**30}
# Kernels that clamp the input's stored integers and never look at the output's grid.
CLAMPS_ONLY = {("RELU6", TFLM)}


def constants(xp, profile: Profile, inp: Affine, out: Affine, activation: str) -> Constants:
    """The profile's constants of RELU or RELU6, int8 or int16 in and out."""
    if (activation, profile) in CLAMPS_ONLY:
        out = inp
    method = METHODS[kernel_of(profile, out)]
    return Constants(
        apply=method.apply,
        input_zero_point=inp.zero_point,
        multiplier=method.multiplier(xp, profile, inp, out),
        zero_point=out.zero_point,
        bounds=_bounds(xp, BUILT_IN[profile], activation, out),
    )


def _bounds(xp, profile: Profile, activation: str, out: Affine):
    low, high = _BOUNDS_OF.get(activation, (activation, activation))
    return activation_bounds(xp, profile, low, out)[0], activation_bounds(xp, profile, high, out)[1]


def integers(xp, profile: Profile, constants: Constants, q):
    """Stored integers of the output, float32."""
    acc = xp.cast(q, "float32") - constants.input_zero_point
    y = constants.apply(xp, acc, constants.multiplier)
    return xp.clip(xp.cast(y, "float32") + constants.zero_point, *constants.bounds)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types and for scales too far apart."""
    return prepare_relu(node, profile, SPEC, TYPES)


def prepare_relu(node: Node, profile: Profile, spec: Spec, types: unary.Types) -> Params | Direct:
    """Shared by the four: the spec's code names the activation."""
    x, y = unary.alike(node, spec, profile, types)
    if x.type == "FLOAT32":
        low, high = (np.float32(bound) for bound in REAL_BOUNDS[spec.code])
        return Direct(lambda x: np.clip(x, low, high))
    grids = unary.any_grids if (spec.code, profile) in CLAMPS_ONLY else unary.centred_grids
    inp, out = grids(node, x, y)
    runs = kernel_of(profile, out)
    ratio = float(inp.scale) / float(out.scale)
    if ratio >= MOST_RATIO[runs]:
        raise node.unsupported(f"input scale / output scale must be below {MOST_RATIO[runs]:g}, received {ratio:.9g}")
    return unary.params(node, runs, partial(_table, activation=spec.code), inp, out)


def _table(xp, profile: Profile, inp: Affine, out: Affine, activation: str):
    return integers(xp, profile, constants(xp, profile, inp, out, activation), xp.arange(inp.qmin, inp.qmax + 1))
