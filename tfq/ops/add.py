"""ADD: y = clamp(round(a_scale * (a - a_zero) / y_scale + b_scale * (b - b_zero) / y_scale) + y_zero), in integers.

litert, tflm: both operands, shifted left by 20 (int16: 15), are brought to twice the larger scale, added and brought
to the output's scale, each time by a 31-bit multiplier with two roundings (halves away from zero in the last).
xnnpack: acc = (a - a_zero) * ma + (b - b_zero) * mb + 2**(shift - 1); y = (acc >> shift) + y_zero, halves up, with
ma = round(a_scale / y_scale * 2**shift) and shift such that the larger multiplier has 21 bits. Ratios outside
[2**-10, 2**8) it leaves to LiteRT's optimized kernel, which computes as litert does up to 16 bits; so it does int16.

int16 with powers of two for scales and the option pot_scale_int16 (the schema's default) is another kernel in litert
and xnnpack: the operand with the finer scale is shifted right, halves away from zero, and added, saturating.
LiteRT gives the output the second operand's type, whatever the file says, and XNNPACK leaves such ops. TFLite Micro
goes by the file's and reads the operands' bytes as that type, beyond their end (add.cc AddEval): refused.
float32, int32, int64 and int16 without scales: a + b, clamped. tflm ignores the activation on int32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine, divide
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.profiles import INT16_MAX, LITERT, TFLM, XNNPACK, Profile, activation_bounds, kernel_of
from tfq.ops import shifted_sum
from tfq.ops.binary import (
    Params,
    all_types,
    direct,
    evaluate,
    grids,
    params_of,
    require_symmetric,
    require_types,
    type_of_second,
)
from tfq.ops.checks import given, xnnpack_takes
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.fixed import Fixed
from tfq.ops.plain import is_number, is_unscaled_int16, plain, require_unscaled

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "retypes", "stacks"]

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}

SPEC = Spec(
    "ADD",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/add.cc, internal/reference/integer_ops/add.h; "
    "google/XNNPACK src/microparams-init.c xnn_init_qs8_add_minmax_scalar_params; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/add_common.cc",
)

stacks = rows_apart
retypes = type_of_second

# By the largest stored value: 8-bit operands are shifted left by 20, 16-bit ones by 15.
_LEFT_SHIFT = {127: 2**20, 255: 2**20, 32767: 2**15}
# XNNPACK takes input scale / output scale in [least, most).
_LEAST_RATIO, _MOST_RATIO = 2.0**-10, 2.0**8
# LiteRT's optimized kernel narrows the rescaled sum to 16 bits; the reference kernel does not. 255 * 128 + 127 fits.
_MOST_WHOLE = 2.0**7
_POWERS = 2.0 ** np.arange(31)


class FixedPoint(NamedTuple):
    """Zero points as int64; each multiplier a pair (int64 multiplier, int64 shift). sign: of the second operand.

    left: the power of two that both operands are multiplied by first.
    """

    sign: int
    left: int
    a_zero_point: Any
    b_zero_point: Any
    a_multiplier: tuple[Any, Any]
    b_multiplier: tuple[Any, Any]
    multiplier: tuple[Any, Any]
    zero_point: Any
    bounds: tuple[Any, Any]


class Shift(NamedTuple):
    """Everything int32 but zero_point and bounds (float32). half: 2**(shift - 1)."""

    a_zero_point: Any
    b_zero_point: Any
    a_multiplier: Any
    b_multiplier: Any
    half: Any
    shift: Any
    zero_point: Any
    bounds: tuple[Any, Any]


def fixed_point_constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str, sign: int):
    """Multipliers of the two-rounding kernels, float64 quotients of float32 scales."""
    twice = xp.cast(xp.maximum(a.scale, b.scale) * np.float32(2), "float64")
    left = _LEFT_SHIFT[out.qmax]
    result = twice / xp.cast(out.scale * np.float32(left), "float64")
    return FixedPoint(
        sign=sign,
        left=left,
        a_zero_point=xp.cast(a.zero_point, "int64"),
        b_zero_point=xp.cast(b.zero_point, "int64"),
        a_multiplier=quantize_multiplier(xp, xp.cast(a.scale, "float64") / twice),
        b_multiplier=quantize_multiplier(xp, xp.cast(b.scale, "float64") / twice),
        multiplier=quantize_multiplier(xp, result),
        zero_point=out.zero_point,
        bounds=activation_bounds(xp, profile, activation, out),
    )


def fixed_point_integers(xp, constants: FixedPoint, qa, qb):
    """Three products with two roundings each."""
    a = (xp.cast(qa, "int64") - constants.a_zero_point) * constants.left
    b = (xp.cast(qb, "int64") - constants.b_zero_point) * constants.left
    a = multiply_by_quantized_multiplier(xp, a, *constants.a_multiplier)
    b = multiply_by_quantized_multiplier(xp, b, *constants.b_multiplier)
    q = multiply_by_quantized_multiplier(xp, a + constants.sign * b, *constants.multiplier)
    return xp.clip(xp.cast(q, "float32") + constants.zero_point, *constants.bounds)


def shift_constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str, sign: int):
    """XNNPACK's 21-bit multipliers. The shift stays in 1..30 for ratios that XNNPACK itself would refuse."""
    a_ratio, b_ratio = divide(xp, a.scale, out.scale), divide(xp, b.scale, out.scale)
    _, exponent = xp.frexp(xp.maximum(a_ratio, b_ratio))
    shift = xp.clip(21 - xp.cast(exponent, "int32"), 1, 30)
    power = xp.take(xp.asarray(_POWERS, "float32"), shift)
    return Shift(
        a_zero_point=xp.cast(a.zero_point, "int32"),
        b_zero_point=xp.cast(b.zero_point, "int32"),
        a_multiplier=xp.cast(xp.round(a_ratio * power), "int32"),
        b_multiplier=xp.cast(xp.round(b_ratio * power), "int32") * sign,
        half=xp.cast(power * np.float32(0.5), "int32"),
        shift=shift,
        zero_point=out.zero_point,
        bounds=activation_bounds(xp, profile, activation, out),
    )


def shift_integers(xp, constants: Shift, qa, qb):
    """One int32 sum and one arithmetic shift: halves up."""
    a = (xp.cast(qa, "int32") - constants.a_zero_point) * constants.a_multiplier
    b = (xp.cast(qb, "int32") - constants.b_zero_point) * constants.b_multiplier
    q = xp.right_shift(a + b + constants.half, constants.shift)
    return xp.clip(xp.cast(q, "float32") + constants.zero_point, *constants.bounds)


class Method(NamedTuple):
    """constants(xp, profile, a, b, out, activation, sign) and integers(xp, constants, qa, qb)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]


_FIXED_POINT = Method(fixed_point_constants, fixed_point_integers)
METHODS = {LITERT: _FIXED_POINT, XNNPACK: Method(shift_constants, shift_integers), TFLM: _FIXED_POINT}


def constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str):
    """The profile's constants of a + b on the output's grid, all int8 or all int16 (pot_scale_int16 false)."""
    return fixed(xp, profile, a, b, out, activation, 1)


def fixed(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str, sign: int) -> Fixed:
    """The constants of a + sign * b."""
    runs = kernel_of(profile, out)
    return Fixed(METHODS[runs].integers, METHODS[runs].constants(xp, runs, a, b, out, activation, sign))


def integers(xp, profile: Profile, constants, qa, qb):
    """Stored integers of the sum, float32; qa, qb: stored integers that broadcast."""
    return constants.of(xp, qa, qb)


def built_in(node: Node, profile: Profile, a: Affine, b: Affine, out: Affine) -> Profile:
    """The two-rounding kernel, where it is defined."""
    left = _LEFT_SHIFT[out.qmax]
    if 2 * max(float(a.scale), float(b.scale)) >= left * float(out.scale):
        raise node.unsupported(
            f"the output scale must exceed the larger input scale / 2**{left.bit_length() - 2}, "
            f"received {float(out.scale):.9g}; the kernels abort or overflow there"
        )
    return profile


def delegated(node: Node, a: Affine, b: Affine, out: Affine) -> bool:
    """Whether XNNPACK takes the op: 8 bits, both ratios in [2**-10, 2**8), a known activation, rank 6 or less."""
    with np.errstate(over="ignore"):
        ratios = (a.scale / out.scale, b.scale / out.scale)
    known = min(ratios) >= _LEAST_RATIO and max(ratios) < _MOST_RATIO and xnnpack_takes(node)
    return known and out.qmax - out.qmin == 255


def _xnnpack_or_built_in(node: Node, profile: Profile, a: Affine, b: Affine, out: Affine) -> Profile:
    if delegated(node, a, b, out):
        return profile
    total = (float(a.scale) + float(b.scale)) / float(out.scale)
    if total >= _MOST_WHOLE and out.qmax - out.qmin == 255:
        raise node.unsupported(
            f"input scales / output scale must be below 128 together, received {total:.9g}; "
            "the kernel that runs there wraps at 16 bits"
        )
    return built_in(node, LITERT, a, b, out)


# Whose kernel runs: (node, profile, a, b, out) -> Profile, or Unsupported.
KERNEL = {LITERT: built_in, XNNPACK: _xnnpack_or_built_in, TFLM: built_in}


def _unscaled(node: Node, profile: Profile) -> Params:
    """TFLite Micro: no scales and no activation on int32."""
    if given(node).type != "INT32":
        return plain(node, profile, np.add)
    require_unscaled(node, *node.inputs)
    return direct(node, np.add)


PLAIN: Mapping[Profile, Callable[..., Params]] = {
    LITERT: partial(plain, function=np.add),
    XNNPACK: partial(plain, function=np.add),
    TFLM: _unscaled,
}
# Whether INT16 may be without scales.
RAW_INT16 = {LITERT: True, XNNPACK: True, TFLM: False}


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the sum. Raises Unsupported for types and for scales that a runtime cannot bring together."""
    require_types(node, profile, TYPES)
    if is_number(node) or (RAW_INT16[profile] and is_unscaled_int16(node)):
        return PLAIN[profile](node, profile)
    return prepare_sum(node, profile, KERNEL, 1)


def _either(node: Node, a: Affine, b: Affine, out: Affine) -> bool:
    require_symmetric(node, a, b, out)
    return shifted_sum.applies(node, a, b, out)


# INT16: whether the kernel for powers of two runs; (node, a, b, out) -> bool.
POWERS_OF_TWO = {LITERT: _either, XNNPACK: _either, TFLM: lambda node, a, b, out: False}


def prepare_sum(node: Node, profile: Profile, kernels: Mapping[Profile, Any], sign: int) -> Params:
    """Of types with scales. Shared with SUB: its kernels, sign -1."""
    a, b, out = grids(node)
    if out.qmax == INT16_MAX and POWERS_OF_TWO[profile](node, a, b, out):
        return shifted_sum.shifted_sum(node, a, b, out, sign)
    kernel = kernels[profile](node, profile, a, b, out)
    activation = node.options.get("fused_activation_function", "NONE")
    with np.errstate(over="ignore"):
        constants = fixed(arrays, kernel, a, b, out, activation, sign)
    return params_of(node, partial(constants.of, arrays))
