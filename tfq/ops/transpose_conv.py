"""TRANSPOSE_CONV: out[y * stride - pad + i] sums (x[y] - z_x) * (w[i] - z_w); then bias, rescale and clamp as CONV_2D.

Inputs: the output's shape, weights [O, kh, kw, C], x [N, H, W, C], and a bias or none. The output's height and width
come from the first input; TFLite Micro takes them from the output tensor. int8 weights: z_w is taken for 0.

    int8    litert, tflm: two roundings; xnnpack: float32, halves to even; what XNNPACK leaves: halves up both times in
            vectors of 8 channels, the last channels as the reference
    uint8   litert and what XNNPACK leaves: two roundings, the scales' product rounded to float32; tflm has none
    int16   64-bit accumulators, a 15-bit multiplier; with a 32-bit bias and the option for it as int8
    float32 litert, tflm: products added in the order of a loop over the input; xnnpack: fused products from the bias on
    float32 with int8 weights (dynamic range): xnnpack: see mac_hybrid.py; litert: each product is scaled,
            f32(f32(q * w) * s_w) * s, and then added, in order; tflm has none
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import accumulate, dynamic_range, rescale, transposed
from tfq.numerics.geometry import Window, window_of
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import checks, mac, mac_xnnpack
from tfq.ops.contract import Node, Spec
from tfq.ops.mac import Kernels, Layer, Ready, built_in, either
from tfq.ops.mac_float import REFERENCE, XNNPACK_FLOAT, activation_range
from tfq.ops.mac_hybrid import Hybrid, fused, scale_by_scale
from tfq.ops.mac_integer import Integer, bias_scale, by_option, centred, counted, ignored, largest_scale

SPEC = Spec(
    "TRANSPOSE_CONV",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/transpose_conv.cc, internal/reference/transpose_conv.h and "
    "integer_ops/transpose_conv.h; google/XNNPACK src/operators/deconvolution-nhwc.c; tensorflow/tflite-micro "
    "tensorflow/lite/micro/kernels/transpose_conv.cc",
)

# Pixels of the largest output: the kernels count in 32 bits.
_MOST_PIXELS = 2**28


def from_operand(node: Node) -> tuple[int, int]:
    """(height, width) of the output from the first input. Raises Unsupported where its other numbers do not fit."""
    shape = checks.constant(node, 0, "the output shape").tolist()
    x, w = node.input(2), node.input(1)
    if len(shape) != 4 or x is None or w is None or (shape[0], shape[3]) != (x.shape[0], w.shape[0]):
        raise node.unsupported(f"the output shape must be [N, H, W, O] of the input and the weights, received {shape}")
    return shape[1], shape[2]


def from_output(node: Node) -> tuple[int, int]:
    """(height, width) of the output as the file has it."""
    shape = node.outputs[0].shape
    if len(shape) != 4:
        raise node.unsupported(f"the output must be [N, H, W, O], received {list(shape)}")
    return shape[1], shape[2]


SIZE = {LITERT: from_operand, XNNPACK: from_operand, TFLM: from_output}


def window_for(node: Node, size: tuple[int, int]) -> Window:
    """The window of the convolution that would give the input. Raises Unsupported where the output does not fit it."""
    w = node.input(1)
    if w is None or min(size) < 1 or size[0] * size[1] > _MOST_PIXELS:
        raise node.unsupported(f"an output of height and width {size} has no definition")
    try:
        window = window_of(node.options, w.shape[1:3])
        window.output_size(*size)
        return window
    except TfqError as error:
        raise node.unsupported(str(error)) from None


def same_input_size(node: Node, layer: Layer) -> None:
    """Raises Unsupported unless that convolution gives the input's size, as LiteRT wants."""
    size = from_operand(node)
    expected, received = window_for(node, size).output_size(*size), layer.x.shape[1:3]
    if expected != received:
        raise node.unsupported(f"an output of {size} stands for an input of {expected}, received {received}")


def takes(node: Node, layer: Layer) -> bool:
    """Whether LiteRT hands the layer to XNNPACK: not where the stride leaves gaps in SAME windows."""
    window = window_for(node, from_operand(node))
    gaps = window.padding == "SAME" and any(k < s for k, s in zip(window.kernel, window.stride, strict=True))
    return not gaps and mac_xnnpack.takes(node, layer)


@dataclass(frozen=True)
class ScaledProducts:
    """LiteRT's dynamic range kernel: every product is scaled before it is added. hybrid: its checks and quantizer."""

    hybrid: Hybrid

    def __call__(self, node: Node, profile: Profile, layer: Layer) -> Ready:
        """The layer with its constants. Raises Unsupported as Hybrid does."""
        scale = self.hybrid(node, profile, layer).scale
        return partial(self.run, layer, layer.weights(layer.w.data, codes="float32"), scale, _bounds(node))

    def run(self, layer: Layer, weights: Any, scale: Any, bounds: Any, x: Any, w: Any, bias: Any = None) -> np.ndarray:
        """x: float32 -> float32, image by image."""
        out = np.empty(layer.size(x.shape), np.float32)
        with np.errstate(all="ignore"):
            found = self.hybrid.quantize(x.reshape(len(x), -1))
            for image, steps, s in zip(out, found.steps.reshape(x.shape), found.scale, strict=True):
                product = accumulate.Product(partial(_scaled, scale=scale, s=s), _scaled, True, backwards=True)
                sums = layer.blocks(steps[None], 0, weights, product=product)
                image[...] = accumulate.whole(sums, image.size // layer.channels, weights).reshape(image.shape)
            np.add(out, 0 if bias is None else bias.reshape(-1), out=out)
        return np.clip(out, *bounds, out=out)


def _scaled(a: np.ndarray, b: np.ndarray, out: np.ndarray, scale: Any = 1, s: Any = 1) -> None:
    """out += f32(f32(a * b) * scale) * s for each of the K products, in order."""
    for column, row in zip(a.T, b, strict=True):
        out += column[:, None] * row * scale * s


def _bounds(node: Node) -> Any:
    return activation_range(node.options.get("fused_activation_function", "NONE"), REFERENCE.largest)


_COMMON = (same_input_size,)
_INT8 = Integer(rescale.TWO_ROUNDINGS, zero_point=ignored, checks=_COMMON)
_UINT8 = Integer(rescale.TWO_ROUNDINGS_SINGLE_PRODUCT, zero_point=counted, checks=(*_COMMON, bias_scale))
_WIDE = Integer(rescale.FIFTEEN_BITS, 64, ignored, (*_COMMON, centred))
_NARROW = Integer(rescale.TWO_ROUNDINGS, 32, ignored, (*_COMMON, centred))
_INT8_UP = Integer(rescale.HALVES_UP_VECTORS, zero_point=ignored, checks=_INT8.checks)
_NARROW_UP = Integer(rescale.HALVES_UP_VECTORS, zero_point=ignored, checks=_NARROW.checks)
_FLOAT32 = Integer(rescale.FLOAT32, zero_point=ignored, checks=(*_COMMON, largest_scale))
_FLOAT32_UINT8 = Integer(rescale.FLOAT32, zero_point=counted, checks=(*_COMMON, largest_scale))
_FLOAT = replace(REFERENCE, checks=_COMMON)
_SCALED = ScaledProducts(Hybrid(dynamic_range.asymmetric, scale_by_scale, checks=_COMMON))


def _short_bias(node: Node, layer: Layer) -> bool:
    return layer.bias is not None and layer.bias.type == "INT16"


KERNELS: Kernels = {
    LITERT: {
        "INT8 INT8": _INT8,
        "UINT8 UINT8": _UINT8,
        "INT16 INT8": by_option(_WIDE, _NARROW),
        "FLOAT32 FLOAT32": _FLOAT,
        "FLOAT32 INT8": _SCALED,
    },
    XNNPACK: {
        "INT8 INT8": either(takes, _FLOAT32, built_in(_INT8_UP)),
        "UINT8 UINT8": either(takes, _FLOAT32_UINT8, built_in(_UINT8)),
        "INT16 INT8": built_in(by_option(_WIDE, _NARROW_UP)),
        "FLOAT32 FLOAT32": either(takes, replace(XNNPACK_FLOAT, checks=_COMMON), _FLOAT),
        "FLOAT32 INT8": either(takes, Hybrid(dynamic_range.xnnpack, fused, float("inf"), checks=_COMMON), _SCALED),
    },
    TFLM: {
        "INT8 INT8": Integer(rescale.TWO_ROUNDINGS, zero_point=ignored),
        "INT16 INT8": either(
            _short_bias,
            Integer(rescale.FIFTEEN_BITS, 64, ignored, bias="INT16"),
            Integer(rescale.FIFTEEN_BITS, 64, ignored),
        ),
        "FLOAT32 FLOAT32": REFERENCE,
    },
}

stacks = mac.stacks


def layer_of(node: Node, profile: Profile) -> Layer:
    """The op's sums. Raises Unsupported for shapes that do not fit together."""
    x, w, bias = mac.tensors(node, rank=4, places=(2, 1, 3))
    if x.shape[3] != w.shape[3]:
        raise node.unsupported(f"{x.shape[3]} input channels, weights for {w.shape[3]}")
    size = SIZE[profile](node)
    return Layer(
        x,
        w,
        bias,
        node.outputs[0],
        channels=w.shape[0],
        axis=0,
        weights=transposed.prepare,
        blocks=partial(transposed.blocks, window=window_for(node, size), size=size),
        size=lambda shape: (shape[0], *size, w.shape[0]),
    )


def prepare(node: Node, profile: Profile) -> mac.Ready:
    """The convolution, ready to run. Raises Unsupported for what the profile's kernel refuses."""
    return mac.prepare(node, profile, layer_of(node, profile), KERNELS)


def evaluate(params: mac.Ready, shape, w, x, bias=None) -> np.ndarray:
    """x: [N, H, W, C] -> [N, OH, OW, O]."""
    return params(x, w, bias)
