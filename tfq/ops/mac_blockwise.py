"""Dense layers whose int4 weights have a scale for every block of a row: float32 input and output.

xnnpack: the input is quantized row by row; then, with b16(s_w) the scale rounded to bfloat16, in float32

    total = -z * sum over runs of 16 weights of (sum of w) * b16(s_w)          z: the input row's zero point
    for each block: total = f32(total + acc * b16(s_w))                        acc: exact sum of codes * w in the block
    y = total * s + bias

Codes and zero point are unsigned (128 more), as on x86 with VNNI; kernels for signed ones differ in the last bits.

litert: the reference kernel does not know such weights and takes their scale for 0: y is the bias, or 0. tflm has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.numerics import dynamic_range
from tfq.numerics.profiles import Profile
from tfq.ops import mac_xnnpack
from tfq.ops.contract import Node
from tfq.ops.mac import Layer, Ready
from tfq.ops.mac_float import activation_range
from tfq.ops.mac_hybrid import fused_multiply_add

# Weights that XNNPACK packs together; their sums enter `total` one after the other.
_RUN = 16
# Block sizes are multiples of _UNIT; |code * w| < 2**11, so the sum of a block of up to _MOST is exact in float32.
_UNIT, _MOST = 32, 2**13


def blockwise(node: Node, layer: Layer) -> bool:
    """Whether the weights have blocks."""
    return layer.w.blockwise is not None


def scale_of_zero(node: Node, profile: Profile, layer: Layer) -> Ready:
    """LiteRT's reference kernel: the bias, clamped. Raises Unsupported for a bias of another type."""
    if layer.bias is not None and layer.bias.type != "FLOAT32":
        raise node.unsupported(f"the bias must be FLOAT32, received {layer.bias.type}")
    bounds = activation_range(node.options.get("fused_activation_function", "NONE"), float("inf"))

    def run(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        y = np.zeros(layer.size(x.shape), np.float32)
        return np.clip(y if bias is None else y + bias.reshape(-1), *bounds)

    return run


def by_block(node: Node, profile: Profile, layer: Layer) -> Ready:
    """XNNPACK's kernel. Raises Unsupported for blocks, scales and biases that it leaves to LiteRT."""
    blocks, w = layer.w.blockwise, layer.w
    size = blocks.block_size if blocks is not None else 0
    if blocks is None or not 0 < size <= _MOST or size % _UNIT or w.shape[1] % size or blocks.zero_points != -1:
        raise node.unsupported(
            f"blocks must be of {_UNIT}, {2 * _UNIT}, ... weights without zero points, received {size}"
        )
    scales, count = blocks.values, w.shape[1] // size
    if scales is None or scales.dtype != np.float16 or scales.size != layer.channels * count:
        raise node.unsupported(f"expected {layer.channels * count} constant FLOAT16 scales for the blocks")
    if not np.all((scales > 0) & np.isfinite(scales)):
        raise node.unsupported("the blocks' scales must be positive numbers")
    if (
        w.data is None
        or not mac_xnnpack.takes(node, layer)
        or (layer.bias is not None and layer.bias.type != "FLOAT32")
    ):
        raise node.unsupported("weights must be constant, the bias a constant of FLOAT32, the activation a clamp")
    rounded = to_bfloat16(scales.astype(np.float32).reshape(layer.channels, count)).T
    values = w.data.astype(np.float32).reshape(layer.channels, count, size).transpose(1, 2, 0)
    bounds = activation_range(node.options.get("fused_activation_function", "NONE"), float("inf"))
    return Params(layer.size, values, rounded, _correction(values, rounded), bounds)


def to_bfloat16(x: np.ndarray) -> np.ndarray:
    """float32 values rounded to bfloat16, halves to even, as float32."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    nearest = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (nearest & np.uint32(0xFFFF0000)).view(np.float32)


def _correction(values: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """- sum of (sum of 16 weights) * scale, one run after the other: [O]."""
    total = np.zeros(values.shape[2], np.float32)
    for block, scale in zip(values, scales, strict=True):
        for first in range(0, len(block), _RUN):
            total -= block[first : first + _RUN].sum(axis=0) * scale
    return total


@dataclass(frozen=True, eq=False)
class Params:
    """values: weights, float32 [blocks, size, O]. scales: [blocks, O]. correction: [O], what a zero point adds."""

    size: Callable[[tuple[int, ...]], tuple[int, ...]]
    values: np.ndarray
    scales: np.ndarray
    correction: np.ndarray
    bounds: tuple[np.float32, np.float32]

    def __call__(self, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """x: float32 [..., K] -> float32."""
        count, size, channels = self.values.shape
        with np.errstate(all="ignore"):
            rows = dynamic_range.xnnpack(x.reshape(-1, count * size))
            zero_point = rows.zero_point[:, None] + np.float32(128)
            codes = (rows.steps + zero_point).reshape(-1, count, size).transpose(1, 0, 2)
            total = zero_point * self.correction
            for part, weights, scale in zip(codes, self.values, self.scales, strict=True):
                total = fused_multiply_add(part @ weights, scale, total)
            y = total * rows.scale[:, None]
            y = y if bias is None else y + bias.reshape(-1)
            return np.clip(y, *self.bounds).reshape(self.size(x.shape))
