"""MUL: y = clamp(rescale((a - a_zero) * (b - b_zero)) + y_zero), multiplier a_scale * b_scale / y_scale.

litert: 31-bit multiplier of a float32 ratio, two roundings; tflm: the same of a float64 ratio; xnnpack: float32
product, halves to even. Where the ratio is below 2**-16, and int16, XNNPACK leaves to LiteRT's kernel.

xnnpack replaces a MUL of one tensor with itself by SQUARE, all in float32:
    t = (q - zero) * scale;  y = clamp(round_half_even(t * t * (1 / y_scale) + y_zero))

int16 times int16 into int8 or uint8 (litert, xnnpack) reads no scale: y = clamp(round(a * b / 2**15) / 2**8 + y_zero),
halves up, then halves away from zero.
float32, int32, int64, uint32 and int16 without scales: a * b modulo 2**bits, clamped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays, gemmlowp_16
from tfq.numerics.affine import Affine, divide, product
from tfq.numerics.fixed_point import rounding_divide_by_pot
from tfq.numerics.profiles import (
    BUILT_IN,
    INT16_MAX,
    LITERT,
    TFLM,
    XNNPACK,
    Profile,
    activation_bounds,
    kernel_of,
    requantize,
)
from tfq.numerics.rescale import Rescale
from tfq.ops.binary import Params, all_types, evaluate, grids, params_of, require_ends, require_symmetric, require_types
from tfq.ops.checks import given, xnnpack_takes
from tfq.ops.contract import Node, Spec, affine_of, rows_apart
from tfq.ops.fixed import Fixed
from tfq.ops.plain import is_number, is_unscaled_int16, plain

__all__ = [
    "SPEC",
    "constants",
    "evaluate",
    "integers",
    "prepare",
    "square_constants",
    "square_integers",
    "stacks",
]

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "UINT32", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}

SPEC = Spec(
    "MUL",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/mul.cc, internal/reference/integer_ops/mul.h; "
    "google/XNNPACK src/operators/binary-elementwise-nd.c, src/subgraph.c optimize_common_subgraphs_mul_to_sqr; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/mul_common.cc",
)

stacks = rows_apart

# XNNPACK takes a_scale * b_scale / y_scale in [least, most).
_LEAST_RATIO, _MOST_RATIO = 2.0**-16, 2.0**8
# The kernels' left shift must stay below 31 bits.
_MOST_SHIFTED = 2.0**30


# The type that holds products of stored integers, by the largest of them.
_PRODUCTS = {127: "float32", 255: "float32", INT16_MAX: "int64"}


class Product(NamedTuple):
    """dtype: of the products and of the operands' zero points. multiplier: constants of the rescale."""

    dtype: str
    rescale: Rescale
    a_zero_point: Any
    b_zero_point: Any
    multiplier: Any
    zero_point: Any
    bounds: tuple[Any, Any]


class Square(NamedTuple):
    """scale: of the input. reciprocal: 1 / output scale. All float32."""

    input_zero_point: Any
    scale: Any
    reciprocal: Any
    zero_point: Any
    bounds: tuple[Any, Any]


def constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str) -> Product:
    """The profile's constants of a * b on the output's grid, for two different tensors, all int8 or all int16."""
    runs, dtype = kernel_of(profile, out), _PRODUCTS[out.qmax]
    return Product(
        dtype=dtype,
        rescale=runs.product,
        a_zero_point=xp.cast(a.zero_point, dtype),
        b_zero_point=xp.cast(b.zero_point, dtype),
        multiplier=runs.product.constants(xp, a.scale, b.scale, out.scale),
        zero_point=out.zero_point,
        bounds=activation_bounds(xp, runs, activation, out),
    )


def integers(xp, profile: Profile, constants: Product, qa, qb):
    """Stored integers of the product; qa, qb: stored integers that broadcast."""
    return _product_integers(xp, constants, qa, qb)


def _product_integers(xp, constants: Product, qa, qb):
    dtype = constants.dtype
    a, b = xp.cast(qa, dtype) - constants.a_zero_point, xp.cast(qb, dtype) - constants.b_zero_point
    # Guarded: TensorFlow's optimizer would multiply the smaller operand by the multiplier first, and round there.
    acc = product(xp, a, b) if dtype == "float32" else a * b
    return requantize(xp, constants.rescale, acc, constants.multiplier, constants.zero_point, constants.bounds)


def _product_square_constants(xp, profile: Profile, a: Affine, out: Affine, activation: str) -> Product:
    return constants(xp, profile, a, a, out, activation)


def _product_square_integers(xp, constants: Product, q):
    return _product_integers(xp, constants, q, q)


def _float32_square_constants(xp, profile: Profile, a: Affine, out: Affine, activation: str) -> Square:
    return Square(
        input_zero_point=a.zero_point,
        scale=a.scale,
        reciprocal=divide(xp, np.float32(1), out.scale),
        zero_point=out.zero_point,
        bounds=activation_bounds(xp, profile, activation, out),
    )


def _float32_square_integers(xp, constants: Square, q):
    real = (xp.cast(q, "float32") - constants.input_zero_point) * constants.scale
    steps = product(xp, real * real, constants.reciprocal) + constants.zero_point
    return xp.clip(xp.round(steps), *constants.bounds)


class SquareMethod(NamedTuple):
    """constants(xp, profile, a, out, activation) and integers(xp, constants, q)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]


_AS_PRODUCT = SquareMethod(_product_square_constants, _product_square_integers)
_IN_FLOAT32 = SquareMethod(_float32_square_constants, _float32_square_integers)
SQUARE = {LITERT: _AS_PRODUCT, XNNPACK: _IN_FLOAT32, TFLM: _AS_PRODUCT}


def square_constants(xp, profile: Profile, a: Affine, out: Affine, activation: str):
    """The profile's constants of a * a, one tensor with itself."""
    runs = kernel_of(profile, out)
    return Fixed(SQUARE[runs].integers, SQUARE[runs].constants(xp, runs, a, out, activation))


def square_integers(xp, profile: Profile, constants, q):
    """Stored integers of one tensor times itself."""
    return constants.of(xp, q)


def _ratio(a: Affine, b: Affine, out: Affine) -> np.float32:
    with np.errstate(over="ignore"):
        return a.scale * b.scale / out.scale


def _built_in(node: Node, profile: Profile, ratio: np.float32) -> Profile:
    if ratio >= _MOST_SHIFTED:
        raise node.unsupported(
            f"product of input scales / output scale must be below 2**30, received {float(ratio):.9g}"
        )
    return profile


def _xnnpack_or_built_in(node: Node, profile: Profile, ratio: np.float32) -> Profile:
    if ratio < _LEAST_RATIO:
        return LITERT
    if ratio >= _MOST_RATIO or not xnnpack_takes(node):
        raise node.unsupported(
            f"XNNPACK takes products of input scales / output scale below 256 (received {float(ratio):.9g}), the "
            "activations NONE, RELU, RELU_N1_TO_1, RELU6, and up to 6 axes; what runs otherwise has no definition here"
        )
    return profile


# Whose kernel runs: (node, profile, ratio) -> Profile, or Unsupported.
KERNEL = {LITERT: _built_in, XNNPACK: _xnnpack_or_built_in, TFLM: _built_in}
# Whether INT16 may be without scales, or have 8-bit products. Others would write 16 bits for each 8.
FREE_INT16 = {LITERT: True, XNNPACK: True, TFLM: False}


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the product. Raises Unsupported for types and, in xnnpack, for a ratio of 256 or more."""
    require_ends(node, 2)
    narrow = FREE_INT16[profile] and given(node).type == "INT16" and node.outputs[0].type in ("INT8", "UINT8")
    type_ = require_types(node, profile, TYPES, node.outputs[0].type if narrow else "")
    if narrow:
        return _narrowed(node)
    if is_number(node) or (FREE_INT16[profile] and is_unscaled_int16(node)):
        return plain(node, profile, np.multiply)
    return PREPARE.get(type_, _prepare_eight_bits)(node, profile)


def _prepare_eight_bits(node: Node, profile: Profile) -> Params:
    a, b, out = grids(node)
    kernel = KERNEL[profile](node, profile, _ratio(a, b, out))
    activation = node.options.get("fused_activation_function", "NONE")
    if node.operator.inputs[0] == node.operator.inputs[1]:
        fixed = square_constants(arrays, kernel, a, out, activation)
        return params_of(node, lambda qa, qb: square_integers(arrays, kernel, fixed, qa))
    return params_of(node, partial(integers, arrays, kernel, constants(arrays, kernel, a, b, out, activation)))


def _prepare_sixteen_bits(node: Node, profile: Profile) -> Params:
    a, b, out = grids(node)
    require_symmetric(node, a, b, out)
    kernel = _built_in(node, BUILT_IN[profile], _ratio(a, b, out))
    fixed = constants(arrays, kernel, a, b, out, node.options.get("fused_activation_function", "NONE"))
    return params_of(node, partial(integers, arrays, kernel, fixed))


PREPARE = {"INT16": _prepare_sixteen_bits}


def _narrowed(node: Node) -> Params:
    """int16 into 8 bits. Raises Unsupported for unlike shapes, where the kernel reads beyond its operands."""
    if given(node, 0).shape != given(node, 1).shape:
        raise node.unsupported("INT16 into 8 bits: the shapes must be equal")
    out = affine_of(node, node.outputs[0])
    activation = node.options.get("fused_activation_function", "NONE")
    low, high = activation_bounds(arrays, LITERT, activation, out)
    return params_of(node, partial(_narrow_integers, int(out.zero_point), int(low), int(high)))


def _narrow_integers(zero_point: int, low: int, high: int, qa: np.ndarray, qb: np.ndarray) -> np.ndarray:
    high_half = gemmlowp_16.high_mul(arrays, qa.astype(np.int64), qb)
    return np.clip(rounding_divide_by_pot(arrays, high_half, np.int64(8)) + zero_point, low, high)
