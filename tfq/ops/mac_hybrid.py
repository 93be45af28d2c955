"""Dynamic range layers: float32 input and output, integer weights with zero point 0.

The input is quantized to 8 bits as it comes (numerics/dynamic_range.py): a row of a dense layer, an image of a
convolution (XNNPACK: a pixel where the window is one pixel), each with its own scale s. The integer sum
acc = sum (codes - zero point) * w is exact; then in float32

    scales_first     f32(acc) * f32(s * s_w) + bias
    scale_by_scale   f32(f32(acc) * s_w) * s + bias
    in_fours         scale_by_scale for vectors of 4 channels, f32(f32(acc) * s) * s_w + bias for the last channels % 4
    fused            f32(f32(acc) * s) * s_w + bias, the last product and the sum rounded once: XNNPACK, on processors
                     with fused products
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.numerics.accumulate import Weights
from tfq.numerics.dynamic_range import Rows
from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node
from tfq.ops.mac import Layer
from tfq.ops.mac_float import activation_range

LARGEST = float(np.finfo(np.float32).max)


def scales_first(acc: np.ndarray, s: np.ndarray, s_w: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """acc: float32 [rows, O], overwritten; s: [rows, 1]; s_w, bias: [O] or [1] -> float32 [rows, O]."""
    acc *= s * s_w
    acc += bias
    return acc


def scale_by_scale(acc: np.ndarray, s: np.ndarray, s_w: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """As scales_first."""
    acc *= s_w
    acc *= s
    acc += bias
    return acc


def in_fours(acc: np.ndarray, s: np.ndarray, s_w: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """As scales_first."""
    last = acc.shape[1] - acc.shape[1] % 4
    tail = (acc * s * s_w + bias)[:, last:]
    scale_by_scale(acc, s, s_w, bias)[:, last:] = tail
    return acc


def fused(acc: np.ndarray, s: np.ndarray, s_w: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """As scales_first."""
    return fused_multiply_add(acc * s, s_w, bias)


def fused_multiply_add(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a * b + c in float32, rounded once.

    The product is exact in float64. Where the sum is not, it is moved to the neighbour with an odd last bit that its
    error points to, so that rounding to float32 sees on which side of a tie it lies.
    """
    product = a.astype(np.float64) * b
    total = product + c
    back = total - product
    error = (product - (total - back)) + (c - back)
    even = (total.view(np.int64) & 1) == 0
    odd = np.nextafter(total, np.where(error > 0, np.inf, -np.inf))
    return np.where((error != 0) & even, odd, total).astype(np.float32)


@dataclass(frozen=True)
class Hybrid:
    """A kernel. quantize(x [rows, n]) -> Rows. finish(acc, s, s_w, bias). largest: of the output without a bound.

    broadcasts: whether one weights scale serves all channels. by_row: each row of x's last axis gets a scale, not each
    image.
    """

    quantize: Callable[[np.ndarray], Rows]
    finish: Callable[..., np.ndarray]
    largest: float = LARGEST
    broadcasts: bool = True
    by_row: bool = False
    checks: tuple[Callable[[Node, Layer], None], ...] = ()

    def __call__(self, node: Node, profile: Profile, layer: Layer) -> Params:
        """The layer with its constants. Raises Unsupported for computed weights and scales of another number."""
        q, bias = layer.w.quantization, layer.bias
        if layer.w.data is None or q is None:
            raise node.unsupported("weights of a float layer must be constant integers with a scale")
        if bias is not None and bias.type != "FLOAT32":
            raise node.unsupported(f"the bias must be FLOAT32, received {bias.type}")
        if q.scale.size != layer.channels and not (q.scale.size == 1 and self.broadcasts):
            raise node.unsupported(f"expected a scale for each of {layer.channels} channels, received {q.scale.size}")
        for check in self.checks:
            check(node, layer)
        activation = node.options.get("fused_activation_function", "NONE")
        weights = layer.weights(layer.w.data, codes="centred")
        return Params(layer, self, weights, q.scale.astype(np.float32), activation_range(activation, self.largest))


@dataclass(frozen=True, eq=False)
class Params:
    """scale: of the weights, [O] or [1]. bounds: (lowest, highest) output."""

    layer: Layer
    kernel: Hybrid
    weights: Weights
    scale: np.ndarray
    bounds: tuple[np.float32, np.float32]

    def __call__(self, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """x: float32 -> float32."""
        out = np.empty(self.layer.size(x.shape), np.float32)
        rows = out.reshape(-1, self.layer.channels)
        added = np.zeros(1, np.float32) if bias is None else bias.reshape(-1)
        with np.errstate(all="ignore"):
            values = self.layer.w.shape[-1] if self.kernel.by_row else x.size // max(1, len(x))
            found = self.kernel.quantize(x.reshape(-1, values))
            scale = np.repeat(found.scale, len(rows) // max(1, len(found.scale)))[:, None]
            for first, acc in self.layer.blocks(found.steps.reshape(x.shape), 0, self.weights):
                part = slice(first, first + len(acc))
                reals = self.kernel.finish(acc.astype(np.float32, copy=False), scale[part], self.scale, added)
                np.clip(reals, *self.bounds, out=rows[part])
        return out
