"""LOG_SOFTMAX over the last axis: y = x - max - log(sum of exp(x - max)).

8-bit outputs have scale 1/16 and the highest code for zero point. litert and tflm: gemmlowp fixed point, SOFTMAX's
exponentials and a logarithm with 5 integer bits; the lowest code below the smallest difference that fits. A sum of 4096
overflows. xnnpack leaves the op to LiteRT's optimized kernel: float32, the sum in index order, halves to even.

float32 is float-close: the exponentials are taken in float64 and rounded once, where the runtimes call expf or Eigen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import arrays, libm, tables
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
    wrap32,
)
from tfq.numerics.log_fixed_point import log
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import exponentials, unary
from tfq.ops.contract import Node, Spec
from tfq.ops.softmax import stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "LOG_SOFTMAX",
    ("INT8", "UINT8", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/log_softmax.h, reference/log_softmax.h and "
    "optimized/optimized_ops.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/log_softmax.cc",
)

OUTPUT_SCALE = np.float32(1 / 16)
_LARGEST_SUM = 4096
_OUTPUT_FRACTION_BITS = 31 - exponentials.INTEGER_BITS - 4


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """exponentials, raw: int64 [256]. reverse: (multiplier, shift) from the raw back to a difference."""

    exponentials: np.ndarray
    raw: np.ndarray
    largest: int
    reverse: tuple[np.ndarray, np.ndarray]
    out: Affine
    name: str

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: int8 or uint8 [..., classes] -> the same. Raises TfqError where the real kernel's sum overflows."""
        if not exponentials.sums_below(_LARGEST_SUM, self.exponentials, x):
            raise TfqError(
                f"{self.name}: the exponentials of each row must add up to less than {_LARGEST_SUM}, or the real "
                "kernel overflows. Use numerics='xnnpack', or end the model at its logits"
            )
        difference = exponentials.below_largest(arrays, x)
        total = log(exponentials.sum_q12(arrays, self.exponentials, difference), exponentials.SUM_INTEGER_BITS)
        smallest = multiply_by_quantized_multiplier(arrays, wrap32(arrays, total - 2**31), *self.reverse)
        smallest = np.maximum(-self.largest - 1, smallest)
        y = rounding_divide_by_pot(arrays, self.raw.take(difference) - total, _OUTPUT_FRACTION_BITS) + self.out.qmax
        y = np.clip(y, self.out.qmin, self.out.qmax)
        return np.where(-difference > smallest, y, self.out.qmin).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class Float32:
    """exponentials: float32 [256]."""

    exponentials: np.ndarray
    inp: Affine
    out: Affine

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: int8 or uint8 [..., classes] -> the same."""
        largest = x.max(axis=-1, keepdims=True)
        total = arrays.sum_in_order(self.exponentials.take(exponentials.below_largest(arrays, x)))[..., None]
        offset = (self.inp.scale * largest.astype(np.float32) + libm.log(total)) / self.out.scale
        steps = np.rint(self.inp.scale / self.out.scale * x.astype(np.float32) - offset)
        return np.clip(steps + self.out.zero_point, self.out.qmin, self.out.qmax).astype(x.dtype)


def real(x: np.ndarray) -> np.ndarray:
    """float32 [..., classes]."""
    below = x - x.max(axis=-1, keepdims=True)
    total = arrays.sum_in_order(tables.exp(arrays, below))[..., None]
    return below - libm.log(total)


def fixed_point(node: Node, inp: Affine, out: Affine) -> FixedPoint:
    """Raises Unsupported for input scales too small for the kernel's multipliers."""
    scaled = exponentials.scaled_differences(arrays, np.float64(inp.scale))
    back = 2.0 ** (31 - int(scaled.shift)) / float(scaled.multiplier) if scaled.multiplier else 1.0
    if not back < 1:
        raise node.unsupported(f"the input scale must be above 2**-25, received {inp.scale}")
    return FixedPoint(
        exponentials.fixed_point(arrays, scaled),
        scaled.raw,
        int(np.count_nonzero(scaled.fits)) - 1,
        quantize_multiplier(arrays, np.asarray(back)),
        out,
        f"op {node.index} {node.operator.code} {node.outputs[0].name!r}",
    )


def float32(node: Node, inp: Affine, out: Affine) -> Float32:
    """LiteRT's optimized kernel."""
    return Float32(exponentials.float32(arrays, inp, np.float32(1)), inp, out)


KERNELS: dict[Profile, Callable[[Node, Affine, Affine], FixedPoint | Float32]] = {
    LITERT: fixed_point,
    XNNPACK: float32,
    TFLM: fixed_point,
}


def prepare(node: Node, profile: Profile) -> FixedPoint | Float32 | unary.Direct:
    """Constants of the op. Raises Unsupported for types, output grids and input scales that the kernels refuse."""
    x, y = unary.alike(node, SPEC, profile, unary.NUMBERS)
    if not x.shape or x.shape[-1] == 0:
        raise node.unsupported(f"the input must have a last axis with values, received shape {list(x.shape)}")
    if x.type == "FLOAT32":
        return unary.Direct(real)
    inp, out = unary.grid(node, x), unary.grid(node, y)
    if out.scale != OUTPUT_SCALE or out.zero_point != out.qmax:
        raise node.unsupported(
            f"output must have scale 1/16 and zero point {out.qmax}, received {out.scale} and {out.zero_point:g}"
        )
    return KERNELS[profile](node, inp, out)


def evaluate(params: FixedPoint | Float32 | unary.Direct, x: np.ndarray) -> np.ndarray:
    """x: [..., classes] -> the same shape and type."""
    return params(x)
