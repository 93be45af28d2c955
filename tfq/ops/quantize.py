"""QUANTIZE: floats to stored integers, or stored integers to another scale, zero point or type.

From float32: litert and tflm divide by the scale and round halves away from zero; xnnpack multiplies by 1 / scale and
rounds halves to even. From integers: litert and tflm use the double-rounding fixed-point product; xnnpack has 8
fraction bits between equal 8-bit types, and leaves the rest to LiteRT's optimized kernel, whose vector code rounds
halves up, twice, while its tail (the elements that do not fill a vector) rounds as the reference does.
Per channel, and to 4 bits, floats are divided in every profile that takes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine, divide
from tfq.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    power_of_two,
    quantize_multiplier,
    round_half_away,
    saturating_rounding_doubling_high_mul,
    wrap32,
)
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, kernel_of
from tfq.ops.contract import Node, Spec, affine_of
from tfq.ops.fixed import Fixed
from tfq.ops.unary import ends, grid, stacks
from tfq.tflite.model import Tensor

__all__ = ["SPEC", "constants", "evaluate", "from_float", "integers", "prepare", "stacks"]

SPEC = Spec(
    "QUANTIZE",
    ("FLOAT32", "INT8", "UINT8", "INT16", "INT32"),
    "google-ai-edge/LiteRT tflite/kernels/quantize.cc and internal/optimized/optimized_ops.h; google/XNNPACK "
    "src/microparams-init.c; tensorflow/tflite-micro tensorflow/lite/micro/kernels/quantize_common.cc",
)

_LITERT_TYPES = {
    "FLOAT32": ("INT8", "UINT8", "INT16", "INT4", "UINT4"),
    "INT8": ("INT8", "UINT8", "INT16"),
    "UINT8": ("INT8", "UINT8", "INT16"),
    "INT16": ("INT8", "INT16", "INT32"),
    "INT32": ("INT8", "INT16"),
}
_TFLM_TYPES = {
    "FLOAT32": ("INT8", "INT16"),
    "INT8": ("INT8", "UINT8", "INT16", "INT32"),
    "UINT8": ("INT8",),
    "INT16": ("INT8", "INT16", "INT32"),
    "INT32": ("INT8", "INT16"),
}
OUTPUT_TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: _TFLM_TYPES}


# From float32: functions (xp, out, x).


def divide_half_away(xp, out: Affine, x):
    """Halves away from zero of x / scale, in float32."""
    return _add_zero_point(xp, round_half_away(xp, divide(xp, x, out.scale)), out)


def multiply_half_even(xp, out: Affine, x):
    """Halves to even of x * (1 / scale), in float32; NaN becomes the largest code."""
    steps = x * (np.float32(1) / out.scale)
    highest = out.qmax - out.zero_point
    steps = xp.maximum(xp.where(steps < highest, steps, highest), out.qmin - out.zero_point)
    return xp.round(steps) + out.zero_point


def multiply_half_even_vectors(xp, out: Affine, x):
    """Vectors of 8: halves to even of x * (1 / scale). Tail: halves away from zero of x / scale in float64.

    NumPy only; x: [..., elements].
    """
    head, tail = _split(x, 8)
    head = np.round(head * (np.float32(1) / out.scale))
    tail = round_half_away(xp, tail.astype(np.float64) / np.float64(out.scale))
    return _add_zero_point(xp, np.concatenate([head, tail.astype(np.float32)], axis=-1), out)


FROM_FLOAT = {LITERT: divide_half_away, TFLM: divide_half_away, XNNPACK: multiply_half_even}


def from_float(xp, profile: Profile, x, out: Affine):
    """8-bit stored integers of float32 x, whole numbers in float32."""
    return FROM_FLOAT[profile](xp, out, x)


def _add_zero_point(xp, steps, out: Affine):
    """Steps in out's range. Infinities and NaN become int32's minimum, to which a zero point below 0 adds with wrap."""
    unfit = xp.where(out.zero_point < 0, np.float32(out.qmax), np.float32(out.qmin))
    return xp.where(xp.abs(steps) < 2.0**31, xp.clip(steps + out.zero_point, out.qmin, out.qmax), unfit)


# From integers: constants(xp, inp, out) and functions (xp, constants, q).


@dataclass(frozen=True, eq=False)
class Constants:
    """multiplier, shift: of the ratio of scales; with 8 fraction bits the multiplier alone, 256 * ratio."""

    multiplier: Any
    shift: Any
    inp: Affine
    out: Affine


def fixed_point_constants(xp, inp: Affine, out: Affine) -> Constants:
    """(multiplier, shift) of f64(s_in) / f64(s_out)."""
    ratio = xp.cast(inp.scale, "float64") / xp.cast(out.scale, "float64")
    multiplier, shift = quantize_multiplier(xp, ratio)
    return Constants(multiplier, shift, inp, out)


def fixed_point(xp, c: Constants, q):
    """The reference: two roundings, the second with halves away from zero. int64."""
    return _clamp(xp, c, multiply_by_quantized_multiplier(xp, _centred(xp, c, q), c.multiplier, c.shift))


def fixed_point_half_up(xp, c: Constants, q):
    """Two roundings, both with halves up. int64."""
    left, right = (power_of_two(xp, xp.maximum(e, 0)) for e in (c.shift, -c.shift))
    steps = saturating_rounding_doubling_high_mul(xp, wrap32(xp, _centred(xp, c, q) * left), c.multiplier)
    return _clamp(xp, c, (steps + right // 2) // right)


def fixed_point_vectors(xp, c: Constants, q):
    """Vectors of 16 with halves up, the tail as the reference. NumPy only; q: [..., elements]."""
    head, tail = _split(q, 16)
    return np.concatenate([fixed_point_half_up(xp, c, head), fixed_point(xp, c, tail)], axis=-1)


def eight_fraction_bits_constants(xp, inp: Affine, out: Affine) -> Constants:
    """round(256 * s_in / s_out), float32."""
    return Constants(xp.round(divide(xp, inp.scale, out.scale) * np.float32(256)), None, inp, out)


def eight_fraction_bits(xp, c: Constants, q):
    """Halves up of the product, for 8-bit types and 1/256 <= s_in / s_out <= 128: all exact in float32."""
    acc = (xp.cast(q, "float32") - c.inp.zero_point) * c.multiplier + (c.out.zero_point * 256 + 128)
    return xp.clip(xp.floor(acc * np.float32(1 / 256)), c.out.qmin, c.out.qmax)


@dataclass(frozen=True)
class Requantize:
    """constants(xp, inp, out) and apply(xp, constants, q)."""

    constants: Callable[..., Constants]
    apply: Callable[..., Any]


FIXED_POINT = Requantize(fixed_point_constants, fixed_point)
FIXED_POINT_VECTORS = Requantize(fixed_point_constants, fixed_point_vectors)
EIGHT_FRACTION_BITS = Requantize(eight_fraction_bits_constants, eight_fraction_bits)
REQUANTIZE = {LITERT: FIXED_POINT, TFLM: FIXED_POINT, XNNPACK: EIGHT_FRACTION_BITS}


def constants(xp, profile: Profile, inp: Affine, out: Affine) -> Fixed:
    """Constants of a requantization from int8 or int16 to either; xnnpack, 8 bits: 1/256 <= s_in / s_out <= 128."""
    method = REQUANTIZE[kernel_of(profile, inp, out)]
    return Fixed(method.apply, method.constants(xp, inp, out))


def integers(xp, profile: Profile, constants: Fixed, q):
    """Stored integers on the output's grid, whole numbers."""
    return constants.of(xp, q)


def _centred(xp, c: Constants, q):
    return xp.cast(q, "int64") - xp.cast(c.inp.zero_point, "int64")


def _clamp(xp, c: Constants, steps):
    return xp.clip(steps + xp.cast(c.out.zero_point, "int64"), c.out.qmin, c.out.qmax)


def _split(x: np.ndarray, lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """The elements that fill vectors of that many lanes, and the rest."""
    whole = x.shape[-1] - x.shape[-1] % lanes
    return x[..., :whole], x[..., whole:]


# The op.

_BYTES = ("INT8", "UINT8")
_FOUR_BITS = {"INT4": (-8, 7), "UINT4": (0, 15)}
CENTRED_16 = {LITERT: True, XNNPACK: True, TFLM: False}
TAKES_CHANNELS = {LITERT: True, XNNPACK: True, TFLM: False}


@dataclass(frozen=True, eq=False)
class Params:
    """apply(xp, constants, x) -> whole numbers. elements: of the file's tensor, in which vectors are counted."""

    apply: Callable[..., Any]
    constants: Any
    elements: int
    dtype: np.dtype


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the op. Raises Unsupported for pairs of types that the profile's kernel refuses."""
    x, y = ends(node, SPEC)
    allowed = OUTPUT_TYPES[profile][x.type]
    if y.type not in allowed:
        raise node.unsupported(
            f"{profile.name} takes {x.type} to {' or '.join(allowed)} only, received output type {y.type}"
        )
    elements = max(math.prod(x.shape), 1)
    if y.type in _FOUR_BITS:
        return Params(divide_half_away, _four_bit_grid(node, y), elements, y.dtype)
    if x.type == "FLOAT32" and y.quantization is not None and y.quantization.per_channel:
        return Params(divide_half_away, _channels(node, profile, x, y), elements, y.dtype)
    out = grid(node, y)
    if x.type == "FLOAT32":
        return Params(CHOOSE_FROM_FLOAT[profile](y.type), out, elements, y.dtype)
    inp = grid(node, x)
    if x.type == y.type == "INT16" and CENTRED_16[profile] and (inp.zero_point != 0 or out.zero_point != 0):
        points = f"{inp.zero_point:g} and {out.zero_point:g}"
        raise node.unsupported(f"{profile.name} needs zero points of 0 from INT16 to INT16, received {points}")
    method = CHOOSE_REQUANTIZE[profile](x.type, y.type, inp, out)
    return Params(method.apply, method.constants(arrays, inp, out), elements, y.dtype)


def _four_bit_grid(node: Node, y: Tensor) -> Affine:
    if y.quantization is None or y.quantization.per_channel:
        raise node.unsupported(f"tensor {y.name!r} ({y.type}) must have one scale")
    scale, zero_point = y.quantization.scale[0], y.quantization.zero_point[0]
    return Affine(np.float32(scale), np.float32(zero_point), *_FOUR_BITS[y.type])


def _channels(node: Node, profile: Profile, x: Tensor, y: Tensor) -> Affine:
    """Scale and zero point of each element of the file's tensor: [elements]."""
    out, quantization = affine_of(node, y), y.quantization
    if not TAKES_CHANNELS[profile] or quantization is None:
        raise node.unsupported(f"{profile.name} takes one scale, received {np.size(out.scale)}")
    if not quantization.axis < len(x.shape) or x.shape[quantization.axis] != np.size(out.scale):
        raise node.unsupported(f"{np.size(out.scale)} scales along axis {quantization.axis} of shape {list(x.shape)}")
    along = [-1 if axis == quantization.axis else 1 for axis in range(len(x.shape))]
    scale, zero_point = (
        np.broadcast_to(values.reshape(along), x.shape).reshape(-1) for values in (out.scale, out.zero_point)
    )
    return Affine(scale, zero_point, out.qmin, out.qmax)


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: any shape -> stored integers of that shape. A batch of the file's tensors is quantized one by one."""
    rows = x.reshape(-1, params.elements if x.size % params.elements == 0 else x.size)
    with np.errstate(invalid="ignore", over="ignore"):
        return params.apply(arrays, params.constants, rows).astype(params.dtype).reshape(x.shape)


def _always_fixed_point(x_type: str, y_type: str, inp: Affine, out: Affine) -> Requantize:
    return FIXED_POINT


def _xnnpack_or_optimized(x_type: str, y_type: str, inp: Affine, out: Affine) -> Requantize:
    if x_type not in _BYTES or y_type not in _BYTES:
        return FIXED_POINT
    in_range = 1 / 256 <= inp.scale / out.scale <= 128
    return EIGHT_FRACTION_BITS if x_type == y_type and in_range else FIXED_POINT_VECTORS


CHOOSE_FROM_FLOAT = {
    LITERT: lambda y_type: divide_half_away,
    TFLM: lambda y_type: divide_half_away,
    XNNPACK: lambda y_type: multiply_half_even if y_type in _BYTES else multiply_half_even_vectors,
}
CHOOSE_REQUANTIZE = {LITERT: _always_fixed_point, TFLM: _always_fixed_point, XNNPACK: _xnnpack_or_optimized}
