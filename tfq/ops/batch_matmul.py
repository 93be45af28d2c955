"""BATCH_MATMUL: y = x @ w over the last two axes (each transposed by adj_x, adj_y), the others broadcasting.

int8: acc = sum of (x - x_zero) * (w - w_zero) in int32; y = clamp(rescale(acc) + y_zero).
    litert: 31-bit multiplier of f64(f32(x_scale * w_scale)) / f64(y_scale), two roundings; tflm: the same of a float64
    product. xnnpack: one float32 product, halves to even, where w_zero is 0; else what litert does.
int16 (litert, xnnpack also with int8 w; zero points 0): a 64-bit sum and a 15-bit multiplier, one rounding, halves up.
With a scale per channel of w LiteRT takes 0 for it (litert, xnnpack): every y is y_zero. Export w with one scale.
int8 into int32 (litert, xnnpack): the sum of the stored products x * w; zero points are not looked at.
float32: litert and tflm add products to 0 from the first to the last, each rounded. xnnpack fuses product and sum and
takes an order of its own; here float32 in the order of NumPy's matrix product: the last bits may differ. float32 by
int8: see batch_matmul_hybrid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.errors import Unsupported
from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import wrap32
from tfq.numerics.profiles import BUILT_IN, LITERT, TFLM, XNNPACK, Profile, requantize
from tfq.numerics.rescale import (
    FIFTEEN_BITS,
    FIFTEEN_BITS_SINGLE_PRODUCT,
    FLOAT32,
    TWO_ROUNDINGS,
    TWO_ROUNDINGS_SINGLE_PRODUCT,
    Rescale,
)
from tfq.ops import batch_matmul_hybrid
from tfq.ops.binary import require_ends
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, affine_of, rows_apart

_LITERT_TYPES = (
    ("INT8", "INT8", "INT8"),
    ("INT8", "INT8", "INT32"),
    ("INT16", "INT16", "INT16"),
    ("INT16", "INT8", "INT16"),
    ("FLOAT32", "FLOAT32", "FLOAT32"),
    ("FLOAT32", "INT8", "FLOAT32"),
)
TYPES = {
    LITERT: _LITERT_TYPES,
    XNNPACK: _LITERT_TYPES,
    TFLM: (("INT8", "INT8", "INT8"), ("INT16", "INT16", "INT16"), ("FLOAT32", "FLOAT32", "FLOAT32")),
}
# XNNPACK takes six axes of what it computes itself.
MOST_AXES = {LITERT: 5, XNNPACK: 6, TFLM: 5}

SPEC = Spec(
    "BATCH_MATMUL",
    ("INT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/batch_matmul.cc, internal/reference/batch_matmul.h; "
    "google/XNNPACK src/subgraph/batch-matrix-multiply.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/batch_matmul.cc",
)

# Input scales / output scale must be below: XNNPACK refuses the file, the built-in kernels shift too far. int16 shifts
# less.
MOST_RATIO = {LITERT: 2.0**30, XNNPACK: 2.0**8, TFLM: 2.0**30}
_MOST_RATIO_INT16 = 2.0**8
_MOST_ELEMENTS = 2**28
_INT8_MAX = 127


class Constants(NamedTuple):
    """multiplier: the rescale's own constants."""

    rescale: Rescale
    multiplier: Any
    zero_point: Any
    bounds: tuple[int, int]


# Of the output's largest code: 8 bits, 16 bits.
RESCALES = {
    127: {LITERT: TWO_ROUNDINGS_SINGLE_PRODUCT, XNNPACK: FLOAT32, TFLM: TWO_ROUNDINGS},
    32767: {LITERT: FIFTEEN_BITS_SINGLE_PRODUCT, XNNPACK: FIFTEEN_BITS_SINGLE_PRODUCT, TFLM: FIFTEEN_BITS},
}


def constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine) -> Constants:
    """The profile's constants of a @ b on the output's grid, int8 or int16 (zero points 0) throughout.

    xnnpack, int8: XNNPACK's own form, which wants 0 for b's zero point; else the constants of litert hold.
    """
    rescale = RESCALES[out.qmax][profile]
    multiplier = rescale.constants(xp, a.scale, b.scale, out.scale)
    return Constants(rescale, multiplier, out.zero_point, (out.qmin, out.qmax))


def integers(xp, profile: Profile, constants: Constants, acc):
    """Stored integers of the product, whole numbers; acc: exact sums of (qa - a_zero) * (qb - b_zero)."""
    return requantize(xp, constants.rescale, acc, constants.multiplier, constants.zero_point, constants.bounds)


@dataclass(frozen=True, eq=False)
class Params:
    """product: x [..., M, K] and w [..., K, N] -> the output. adj_x, adj_y: whether they come transposed."""

    adj_x: bool
    adj_y: bool
    product: Callable[[np.ndarray, np.ndarray], np.ndarray]
    dtype: np.dtype


def sum_in_order(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """x @ w in float32, products added to 0 from the first to the last."""
    batch = np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
    total = np.zeros((*batch, x.shape[-2], w.shape[-1]), np.float32)
    term = np.empty_like(total)
    with np.errstate(all="ignore"):
        for k in range(x.shape[-1]):
            np.multiply(x[..., :, k, None], w[..., None, k, :], out=term)
            total += term
    return total


def sum_in_any_order(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """x @ w in float32."""
    with np.errstate(all="ignore"):
        return np.matmul(x, w)


# Of float32 matrices.
REAL = {LITERT: sum_in_order, XNNPACK: sum_in_any_order, TFLM: sum_in_order}


def whole_sums(x: np.ndarray, w: np.ndarray, x_zero: int, w_zero: int) -> np.ndarray:
    """int64 sums of (x - x_zero) * (w - w_zero), exact."""
    # Products of 9-bit numbers: 258 of them stay within float32's 24 bits; float64 holds any number of 32-bit ones.
    narrow = x.itemsize == w.itemsize == 1 and x.shape[-1] <= 258
    dtype = np.dtype(np.float32 if narrow else np.float64)
    return np.matmul(x.astype(dtype) - dtype.type(x_zero), w.astype(dtype) - dtype.type(w_zero)).astype(np.int64)


def _scaled(runs: Profile, x: Affine, w: Affine, out: Affine) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    fixed = constants(arrays, runs, x, w, out)
    wraps = out.qmax == _INT8_MAX

    def product(qx: np.ndarray, qw: np.ndarray) -> np.ndarray:
        acc = whole_sums(qx, qw, int(x.zero_point), int(w.zero_point))
        return integers(arrays, runs, fixed, wrap32(arrays, acc) if wraps else acc)

    return product


def _nothing(node: Node, w: Affine) -> Affine:
    """What LiteRT's kernel reads of several scales: none."""
    if np.any(w.zero_point):
        raise node.unsupported("several scales with zero points other than 0")
    return Affine(np.float32(0), np.float32(0), w.qmin, w.qmax)


def _refused(node: Node, w: Affine) -> Affine:
    raise node.unsupported("inputs and output must have one scale each")


# w with a scale per channel: (node, its map) -> the map that the kernel takes for it.
PER_CHANNEL = {LITERT: _nothing, XNNPACK: _nothing, TFLM: _refused}


def _kernel(node: Node, profile: Profile) -> Callable[[np.ndarray, np.ndarray], Any]:
    x, w, out = (given(node), given(node, 1), node.outputs[0])
    if x.type == "FLOAT32":
        return REAL[profile] if w.type == "FLOAT32" else batch_matmul_hybrid.product_of(node, profile)
    if out.type == "INT32":
        return partial(whole_sums, x_zero=0, w_zero=0)
    grids = [affine_of(node, tensor) for tensor in (x, w, out)]
    if np.ndim(grids[1].scale):
        grids[1] = PER_CHANNEL[profile](node, grids[1])
    if any(np.ndim(grid.scale) for grid in grids):
        raise node.unsupported("inputs and output must have one scale each")
    ratio = float(grids[0].scale) * float(grids[1].scale) / float(grids[2].scale)
    most = _MOST_RATIO_INT16 if x.type == "INT16" else MOST_RATIO[profile]
    if ratio >= most:
        raise node.unsupported(f"input scales / output scale must be below {most:g}, received {ratio:.9g}")
    points = [int(grid.zero_point) for grid in grids]
    if x.type == "INT16":
        if any(points):
            raise node.unsupported(f"INT16: zero points must be 0, received {points}")
        return _scaled(profile, *grids)
    delegated = points[1] == 0 and grids[1].scale
    return _scaled(profile if delegated else BUILT_IN[profile], *grids)


def _require(node: Node, profile: Profile) -> None:
    require_ends(node, 2)
    types = (given(node).type, given(node, 1).type, node.outputs[0].type)
    if types not in TYPES[profile]:
        taken = ", ".join(f"{a} x {b} -> {y}" for a, b, y in TYPES[profile])
        raise node.unsupported(f"{profile.name} takes {taken}, received {types[0]} x {types[1]} -> {types[2]}")
    ranks = [len(given(node, position).shape) for position in (0, 1)]
    # XNNPACK computes what has no int16 in it.
    most = MOST_AXES[profile] if types[0] != "INT16" else MOST_AXES[LITERT]
    if not 2 <= min(ranks) <= max(ranks) <= most:
        raise node.unsupported(f"inputs must have 2 to {most} axes, received {ranks[0]} and {ranks[1]}")


def product_shape(x: tuple[int, ...], w: tuple[int, ...], adj_x: bool, adj_y: bool) -> tuple[int, ...]:
    """The output's shape. Raises Unsupported for matrices that do not meet, or whose product is too large."""
    rows, depth = x[-2:][::-1] if adj_x else x[-2:]
    depth_w, columns = w[-2:][::-1] if adj_y else w[-2:]
    try:
        batch = np.broadcast_shapes(x[:-2], w[:-2])
    except ValueError:
        batch = None
    if batch is None or depth != depth_w:
        raise Unsupported(f"matrices {list(x)} (adj_x {adj_x}) and {list(w)} (adj_y {adj_y}) do not meet")
    shape = (*batch, rows, columns)
    if math.prod(shape) > _MOST_ELEMENTS:
        raise Unsupported(f"the product has {math.prod(shape)} elements, expected {_MOST_ELEMENTS} or fewer")
    return shape


def prepare(node: Node, profile: Profile) -> Params:
    """The kernel. Raises Unsupported for types, shapes, scales and zero points that the profile does not take."""
    _require(node, profile)
    adj_x, adj_y = bool(node.options.get("adj_x", False)), bool(node.options.get("adj_y", False))
    try:
        product_shape(given(node).shape, given(node, 1).shape, adj_x, adj_y)
    except Unsupported as error:
        raise node.unsupported(str(error)) from None
    return Params(adj_x, adj_y, _kernel(node, profile), node.outputs[0].dtype)


def stacks(node: Node) -> bool:
    """Samples may be stacked along a leading axis that is not one of the matrices'."""
    inputs = [tensor for tensor in node.inputs if tensor is not None]
    rank = max(len(tensor.shape) for tensor in inputs)
    leading = all(len(tensor.shape) < rank or tensor.shape[0] == 1 for tensor in inputs)
    computed = all(len(tensor.shape) == rank for tensor in inputs if tensor.data is None)
    return rank > 2 and leading and computed and rows_apart(node)


def evaluate(params: Params, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """x: [..., M, K], w: [..., K, N] -> [..., M, N]. Raises Unsupported for matrices that do not meet."""
    product_shape(x.shape, w.shape, params.adj_x, params.adj_y)
    x = x.swapaxes(-1, -2) if params.adj_x else x
    w = w.swapaxes(-1, -2) if params.adj_y else w
    return np.asarray(params.product(x, w)).astype(params.dtype, copy=False)
