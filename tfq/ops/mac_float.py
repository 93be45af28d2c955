"""float32 layers: y = min(max(sum x * w + bias, lowest), highest), a missing bias being 0.

litert, tflm   one product after the other, each product and sum rounded, the bias last: equal to the bit
xnnpack        from the bias on, fused products one after the other: equal to the bit on processors that have them
               (x86 from AVX2 on, ARM64); others differ in the last bits
xnnpack, for what XNNPACK leaves to LiteRT's optimized kernels (computed weights, mostly): sums as the reference's,
               which differ from those kernels' in the last bits, by 1e-6 of the output's largest or so
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tfq.numerics.accumulate import Product, Weights
from tfq.numerics.in_order import FUSED, FUSED_COLUMNS_FIRST, ROUNDED
from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node
from tfq.ops.mac import Layer, Ready

_LARGEST = float(np.finfo(np.float32).max)
# Taps of XNNPACK's largest depthwise kernel.
_LARGEST_DEPTHWISE = 25
_RANGES = {"RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}


def activation_range(activation: str, largest: float) -> tuple[np.float32, np.float32]:
    """(lowest, highest) output; TANH and SIGN_BIT are ignored, as the kernels do. largest: where there is no bound."""
    low, high = _RANGES.get(activation, (None, None))
    return np.float32(-largest if low is None else low), np.float32(largest if high is None else high)


def in_order(layer: Layer) -> Product:
    """The order of the built-in kernels."""
    return ROUNDED


def fused(layer: Layer) -> Product:
    """XNNPACK's order: small windows over single channels go through columns before rows.

    Source: google/XNNPACK src/configs/dwconv-config.c, src/operators/convolution-nhwc.c.
    """
    single = (
        len(layer.w.shape) == 4 and layer.channels == layer.x.shape[3] and 1 in (layer.w.shape[0], layer.w.shape[3])
    )
    small = int(np.prod(layer.w.shape[1:3])) <= _LARGEST_DEPTHWISE
    return FUSED_COLUMNS_FIRST if single and small else FUSED


@dataclass(frozen=True)
class Floating:
    """A kernel. product(layer): how it sums. bias_first: whether the sums start from the bias.

    largest: infinity, or float32's largest where the kernel clamps to it.
    """

    product: Callable[[Layer], Product] = in_order
    bias_first: bool = False
    largest: float = _LARGEST
    checks: tuple[Callable[[Node, Layer], None], ...] = ()

    def __call__(self, node: Node, profile: Profile, layer: Layer) -> Ready:
        """The layer with its constants. Raises Unsupported for a bias of another type."""
        if layer.bias is not None and layer.bias.type != "FLOAT32":
            raise node.unsupported(f"the bias must be FLOAT32, received {layer.bias.type}")
        for check in self.checks:
            check(node, layer)
        bounds = activation_range(node.options.get("fused_activation_function", "NONE"), self.largest)
        params = Params(layer, self.product(layer), self.bias_first, bounds)
        return params if layer.w.data is None else replace(params, weights=params.arranged(layer.w.data))


@dataclass(frozen=True, eq=False)
class Params:
    """bounds: (lowest, highest) output. weights: arranged, where they are constant."""

    layer: Layer
    product: Product
    bias_first: bool
    bounds: tuple[np.float32, np.float32]
    weights: Weights | None = None

    def arranged(self, w: np.ndarray) -> Weights:
        """The weights as they enter the product."""
        return self.layer.weights(w, codes="float32")

    def __call__(self, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """x: float32 -> float32."""
        zero = np.zeros(1, np.float32)
        added = zero if bias is None else bias.reshape(-1)
        start, end = (added, zero) if self.bias_first else (zero, added)
        weights = replace(self.weights or self.arranged(w), start=start)
        out = np.empty(self.layer.size(x.shape), np.float32)
        rows = out.reshape(-1, self.layer.channels)
        with np.errstate(all="ignore"):
            for first, acc in self.layer.blocks(x, 0, weights, product=self.product):
                row = rows[first : first + len(acc)]
                np.add(acc, end, out=row)
                np.clip(row, *self.bounds, out=row)
        return out


REFERENCE = Floating()
XNNPACK_FLOAT = Floating(fused, bias_first=True, largest=float("inf"))
