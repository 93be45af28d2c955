"""MUL: y = clamp(rescale((a - a_zero) * (b - b_zero)) + y_zero), multiplier a_scale * b_scale / y_scale.

litert: 31-bit multiplier of a float32 ratio, two roundings; tflm: the same of a float64 ratio; xnnpack: float32
product, halves to even. Where the ratio is below 2**-16 XNNPACK leaves the op to LiteRT's kernel.

xnnpack replaces a MUL of one tensor with itself by SQUARE, all in float32:
    t = (q - zero) * scale;  y = clamp(round_half_even(t * t * (1 / y_scale) + y_zero))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine, divide, product
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, activation_bounds, requantize
from tfq.ops.binary import Params, evaluate, require_broadcast
from tfq.ops.checks import grid_of, xnnpack_takes
from tfq.ops.contract import Node, Spec, rows_apart

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

SPEC = Spec(
    "MUL",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/mul.cc, internal/reference/integer_ops/mul.h; "
    "google/XNNPACK src/operators/binary-elementwise-nd.c, src/subgraph.c optimize_common_subgraphs_mul_to_sqr; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/mul_common.cc",
)

stacks = rows_apart

# XNNPACK takes a_scale * b_scale / y_scale in [least, most).
_LEAST_RATIO, _MOST_RATIO = 2.0**-16, 2.0**8
# The kernels' left shift must stay below 31 bits.
_MOST_SHIFTED = 2.0**30


class Product(NamedTuple):
    """multiplier: constants of the profile's Rescale."""

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
    """The profile's constants of a * b on the output's grid, for two different tensors."""
    return Product(
        a_zero_point=a.zero_point,
        b_zero_point=b.zero_point,
        multiplier=profile.product.constants(xp, a.scale, b.scale, out.scale),
        zero_point=out.zero_point,
        bounds=activation_bounds(xp, profile, activation, out),
    )


def integers(xp, profile: Profile, constants: Product, qa, qb):
    """Stored integers of the product; qa, qb: stored integers that broadcast."""
    acc = (xp.cast(qa, "float32") - constants.a_zero_point) * (xp.cast(qb, "float32") - constants.b_zero_point)
    return requantize(xp, profile.product, acc, constants.multiplier, constants.zero_point, constants.bounds)


def _product_square_constants(xp, profile: Profile, a: Affine, out: Affine, activation: str) -> Product:
    return constants(xp, profile, a, a, out, activation)


def _product_square_integers(xp, profile: Profile, constants: Product, q):
    return integers(xp, profile, constants, q, q)


def _float32_square_constants(xp, profile: Profile, a: Affine, out: Affine, activation: str) -> Square:
    return Square(
        input_zero_point=a.zero_point,
        scale=a.scale,
        reciprocal=divide(xp, np.float32(1), out.scale),
        zero_point=out.zero_point,
        bounds=activation_bounds(xp, profile, activation, out),
    )


def _float32_square_integers(xp, profile: Profile, constants: Square, q):
    real = (xp.cast(q, "float32") - constants.input_zero_point) * constants.scale
    steps = product(xp, real * real, constants.reciprocal) + constants.zero_point
    return xp.clip(xp.round(steps), *constants.bounds)


class SquareMethod(NamedTuple):
    """constants(xp, profile, a, out, activation) and integers(xp, profile, constants, q)."""

    constants: Callable[..., Any]
    integers: Callable[..., Any]


_AS_PRODUCT = SquareMethod(_product_square_constants, _product_square_integers)
_IN_FLOAT32 = SquareMethod(_float32_square_constants, _float32_square_integers)
SQUARE = {LITERT: _AS_PRODUCT, XNNPACK: _IN_FLOAT32, TFLM: _AS_PRODUCT}


def square_constants(xp, profile: Profile, a: Affine, out: Affine, activation: str):
    """The profile's constants of a * a, one tensor with itself."""
    return SQUARE[profile].constants(xp, profile, a, out, activation)


def square_integers(xp, profile: Profile, constants, q):
    """Stored integers of one tensor times itself."""
    return SQUARE[profile].integers(xp, profile, constants, q)


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


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the product. Raises Unsupported for types and, in xnnpack, for a ratio of 256 or more."""
    node.require_types(SPEC)
    require_broadcast(node)
    a, b, out = (grid_of(node, tensor) for tensor in (node.input(0), node.input(1), node.outputs[0]))
    kernel = KERNEL[profile](node, profile, a.scale * b.scale / out.scale)
    activation = node.options.get("fused_activation_function", "NONE")
    if node.operator.inputs[0] == node.operator.inputs[1]:
        fixed = square_constants(arrays, kernel, a, out, activation)
        return Params(lambda qa, qb: square_integers(arrays, kernel, fixed, qa))
    return Params(partial(integers, arrays, kernel, constants(arrays, kernel, a, b, out, activation)))
