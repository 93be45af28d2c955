"""Integer layers: acc = sum (x - z_x) * (w - z_w) + bias, wrapped at 32 or 64 bits; y = clamp(rescale(acc) + z_y).

Padding holds z_x and adds nothing. What z_w does is the kernel's: counted, ignored or refused. The rescales are in
numerics/rescale.py; the multiplier's scales are the input's, the weights' (one, or one a channel) and the output's.

16-bit inputs: with a 64-bit bias, or none, LiteRT adds in 64 bits; a 32-bit bias asks for 32 bits by the option
`quantized_bias_type`. Without the option LiteRT's kernels read the 32-bit bias as 64-bit numbers, beyond its end:
refused. TFLite Micro goes by the bias itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfq.numerics import accumulate, arrays, fast_requantize
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import Profile, activation_bounds
from tfq.numerics.rescale import Rescale
from tfq.ops.contract import Node, affine_of
from tfq.ops.mac import Kernel, Layer, Ready
from tfq.tflite.model import Tensor

WEIGHT_TYPES = {"INT4": (-8, 7), "INT2": (-2, 1)}
# The kernels' left shifts; the 64-bit form has 15 bits to shift by.
_MOST_SHIFT = {32: 30, 64: 14}
_BIAS = {32: "INT32", 64: "INT64"}
# LiteRT's Prepare: |s_x * s_w - s_bias| / s_y.
_BIAS_SCALE_TOLERANCE = 0.02
_LARGEST_XNNPACK_SCALE = 256.0


# The weights' zero point: functions (node, weights' grid) -> what is subtracted from the weights.


def counted(node: Node, grid: Affine) -> int:
    """One zero point is subtracted; with several scales it is ignored."""
    return int(grid.zero_point) if np.ndim(grid.zero_point) == 0 else 0


def ignored(node: Node, grid: Affine) -> int:
    """The kernel takes it for 0 without looking."""
    return 0


def zero(node: Node, grid: Affine) -> int:
    """Raises Unsupported for another than 0, as the runtime does."""
    if np.any(grid.zero_point != 0):
        raise node.unsupported("weights must have zero point 0")
    return 0


# Further refusals: functions (node, layer).


def needs_bias(node: Node, layer: Layer) -> None:
    """LiteRT's CONV_2D refuses a missing bias; its optimized depthwise kernel crashes."""
    if layer.bias is None:
        raise node.unsupported("this runtime's kernel needs a bias; write one of zeros")


def bias_scale(node: Node, layer: Layer) -> None:
    """LiteRT's and TFLite Micro's check of layers with one scale: uint8, and every dense layer.

    Source: google-ai-edge/LiteRT tflite/kernels/kernel_util.cc GetQuantizedConvolutionMultipler.
    """
    one_scale(node, layer)
    if layer.bias is None:
        return
    x, w, y = (float(_grid(node, t).scale) for t in (layer.x, layer.w, layer.y))
    q = layer.bias.quantization
    bias = 0.0 if q is None or not q.scale.size else float(q.scale[0])
    if not abs(x * w - bias) / y <= _BIAS_SCALE_TOLERANCE:
        raise node.unsupported(f"the bias must have the scale {x * w:.9g} of the products, received {bias:.9g}")


def bias_scale_of_one(node: Node, layer: Layer) -> None:
    """bias_scale, for weights with one scale."""
    if np.ndim(_grid(node, layer.w).scale) == 0:
        bias_scale(node, layer)


def one_scale(node: Node, layer: Layer) -> None:
    """Raises Unsupported for weights with a scale per channel."""
    if np.ndim(_grid(node, layer.w).scale):
        raise node.unsupported(f"{layer.w.type} weights must have one scale, received one per channel")


def centred(node: Node, layer: Layer) -> None:
    """Raises Unsupported unless input and output have zero point 0."""
    received = [int(affine_of(node, t).zero_point) for t in (layer.x, layer.y)]
    if any(received):
        raise node.unsupported(f"{layer.x.type} needs zero points of 0, received {received[0]} and {received[1]}")


def largest_scale(node: Node, layer: Layer) -> None:
    """XNNPACK creates no operator whose rescale is 256 or more."""
    x, w, y = (_grid(node, t).scale for t in (layer.x, layer.w, layer.y))
    if not np.all(w * x / y < _LARGEST_XNNPACK_SCALE):
        raise node.unsupported("input scale * weights scale / output scale must be below 256")


@dataclass(frozen=True)
class Integer:
    """A kernel. bits: where accumulators wrap. zero_point: of the weights. checks: further refusals.

    bias: its type; empty for INT32 or INT64 by `bits`.
    """

    rescale: Rescale
    bits: int = 32
    zero_point: Callable[[Node, Affine], int] = zero
    checks: tuple[Callable[[Node, Layer], None], ...] = ()
    bias: str = ""

    def __call__(self, node: Node, profile: Profile, layer: Layer) -> Ready:
        """The layer with its constants. Raises Unsupported for scales, zero points and biases that it refuses."""
        wanted = self.bias or _BIAS[self.bits]
        if layer.bias is not None and layer.bias.type != wanted:
            raise node.unsupported(f"the bias must be {wanted}, received {layer.bias.type}")
        x, w, y = _grid(node, layer.x), _grid(node, layer.w), _grid(node, layer.y)
        if np.ndim(x.scale) or np.ndim(y.scale) or np.size(w.scale) not in (1, layer.channels):
            raise node.unsupported(
                f"expected one scale, or one for each of {layer.channels} output channels, "
                f"received {np.size(w.scale)} (input {np.size(x.scale)}, output {np.size(y.scale)})"
            )
        for check in self.checks:
            check(node, layer)
        constants = self.rescale.constants(arrays, x.scale, w.scale, y.scale)
        if isinstance(constants, tuple) and np.any((constants[1] > _MOST_SHIFT[self.bits]) | (constants[0] < 0)):
            raise node.unsupported("input scale * weights scale / output scale is beyond the kernel's left shift")
        params = Params(
            layer,
            int(x.zero_point),
            self.zero_point(node, w),
            self,
            constants,
            int(y.zero_point),
            activation_bounds(arrays, profile, node.options.get("fused_activation_function", "NONE"), y),
        )
        return params.fixed()


@dataclass(frozen=True, eq=False)
class Params:
    """border: the stored value of padding. offset: what is subtracted from the weights. constants: of the rescale.

    ready: weights and requantization, where weights and bias are constant.
    """

    layer: Layer
    border: int
    offset: int
    kernel: Integer
    constants: Any
    zero_point: int
    clamp: tuple[Any, Any]
    ready: tuple[accumulate.Weights, fast_requantize.Requantize] | None = None

    def fixed(self) -> Params:
        """With `ready`, where the operands are constant."""
        w, bias = self.layer.w, self.layer.bias
        if w.data is None or (bias is not None and bias.data is None):
            return self
        ready = self.made(w.data, None if bias is None else bias.data)
        return replace(self, ready=ready)

    def made(self, w: np.ndarray, bias: np.ndarray | None) -> tuple[accumulate.Weights, fast_requantize.Requantize]:
        """Weights as they enter the product, and what turns accumulators into stored integers."""
        weights = self.layer.weights(w.astype(np.int64) - self.offset, codes=self.layer.x.dtype.name)
        added = np.zeros(1, np.int64) if bias is None else bias.astype(np.int64).reshape(-1)
        requantize = fast_requantize.prepare(
            self.kernel.rescale,
            self.constants,
            self.zero_point,
            clamp=self.clamp,
            bias=added - self.border * weights.sums,
            bounds=weights.bounds,
            bits=self.kernel.bits,
        )
        return weights, requantize

    def __call__(self, x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """x: stored integers -> stored integers of the output."""
        weights, requantize = self.ready or self.made(w, bias)
        out = np.empty(self.layer.size(x.shape), self.layer.y.dtype)
        rows = out.reshape(-1, self.layer.channels)
        for first, acc in self.layer.blocks(x, self.border, weights):
            requantize(acc, rows[first : first + len(acc)])
        return out


def by_option(wide: Kernel, narrow: Kernel) -> Kernel:
    """LiteRT's int16 kernels: 32-bit accumulators where the option quantized_bias_type says so, else 64-bit ones."""

    def choose(node: Node, profile: Profile, layer: Layer) -> Ready:
        asked = node.options.get("quantized_bias_type", "FLOAT32")
        if asked == "FLOAT32" and layer.bias is not None and layer.bias.type == "INT32":
            raise node.unsupported(
                "this runtime reads the INT32 bias of an int16 layer as INT64, beyond its end, unless the option "
                "quantized_bias_type is INT32; set it, or write an INT64 bias"
            )
        return (narrow if asked == "INT32" else wide)(node, profile, layer)

    return choose


def by_bias(wide: Kernel, narrow: Kernel) -> Kernel:
    """TFLite Micro's int16 kernels: 32-bit accumulators for a 32-bit bias."""

    def choose(node: Node, profile: Profile, layer: Layer) -> Ready:
        bias = layer.bias.type if layer.bias is not None else node.options.get("quantized_bias_type", "FLOAT32")
        return (narrow if bias == "INT32" else wide)(node, profile, layer)

    return choose


def _grid(node: Node, tensor: Tensor) -> Affine:
    """The tensor's affine map, for packed types too."""
    if tensor.type not in WEIGHT_TYPES or tensor.quantization is None:
        return affine_of(node, tensor)
    scale = np.asarray(tensor.quantization.scale, np.float32)
    zero_point = np.asarray(tensor.quantization.zero_point, np.float32)
    if scale.size == 1:
        scale, zero_point = scale.reshape(()), zero_point.reshape(())
    return Affine(scale, zero_point, *WEIGHT_TYPES[tensor.type])
