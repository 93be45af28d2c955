"""REDUCE_PROD along axes; TFLite Micro has none, and XNNPACK leaves it to LiteRT's kernel.

int8 and int16: y = clamp(rescale(p) + y_zero), p the product of (q - zero) in index order, rescaled after each factor
but the first, so that it stays within 32 bits. rescale: the form for 64-bit products, a 15-bit multiplier of
scale / y_scale**(1 / count) in float64, one rounding, halves up.
One factor: LiteRT's optimized kernel, hence xnnpack, copies it as it is stored. More than 2**14 factors are refused:
they go one after the other, and a damaged file may ask for millions.
Without scales, int32 and int64: the plain product, which wraps. float32: in index order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier_64, quantize_multiplier
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.reduce import Reduction, operands, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "REDUCE_PROD",
    ("INT8", "INT16", "INT32", "INT64", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/reduce.cc PrepareProd, internal/reference/reduce.h QuantizedReduceProd",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}
# Kernels that copy a product of one factor, whatever the scales.
COPIES_ONE = {LITERT: False, XNNPACK: True, TFLM: False}
# About 0.3 s, the time of so many steps in Python.
_MOST_FACTORS = 2**14
# What keeps the shift 15 - exponent between 1 and 47 bits.
_RATIOS = (2.0**-31, 2.0**14)


@dataclass(frozen=True, eq=False)
class Params:
    """multiplier: (int64 multiplier, int64 shift)."""

    reduction: Reduction
    multiplier: tuple[Any, Any]
    inp: Affine
    out: Affine

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The product of stored integers."""
        factors = self.reduction.rows(x).astype(np.int64) - int(self.inp.zero_point)
        product = factors[..., 0]
        for i in range(1, self.reduction.count):
            product = self._rescale(product * factors[..., i])
        y = np.clip(self._rescale(product) + int(self.out.zero_point), self.out.qmin, self.out.qmax)
        return self.reduction.shaped(y.astype(x.dtype))

    def _rescale(self, product: np.ndarray) -> np.ndarray:
        return multiply_by_quantized_multiplier_64(arrays, product, *self.multiplier)


@dataclass(frozen=True)
class Plain:
    """Numbers without a scale."""

    reduction: Reduction

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The product, each partial one in x's own type."""
        with np.errstate(all="ignore"):
            return self.reduction.shaped(
                np.multiply.accumulate(self.reduction.rows(x), axis=-1, dtype=x.dtype)[..., -1]
            )


def prepare(node: Node, profile: Profile) -> Params | Plain:
    """Constants of the product. Raises Unsupported for types, axes, and scales beyond the kernel's shifts."""
    x, y, reduction = operands(node, SPEC, profile, TYPES)
    if x.type in ("FLOAT32", "INT32", "INT64") or x.quantization is None:
        return Plain(reduction)
    if reduction.count == 1 and COPIES_ONE[profile]:
        return Plain(reduction)
    if reduction.count > _MOST_FACTORS:
        raise node.unsupported(f"one product has {reduction.count} factors, tfq's limit is {_MOST_FACTORS}")
    inp, out = unary.centred_grids(node, x, y)
    ratio = float(inp.scale) / float(out.scale) ** (1.0 / reduction.count)
    low, high = _RATIOS
    if not low <= ratio < high:
        raise node.unsupported(
            f"input scale / output scale ** (1 / {reduction.count}) must be in [{low:g}, {high:g}), received {ratio:g}"
        )
    return Params(reduction, quantize_multiplier(arrays, np.asarray(ratio)), inp, out)


def evaluate(params: Params | Plain, x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """x -> its type, without the axes (or with size 1 there)."""
    return params(x)
