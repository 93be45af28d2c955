"""CONV_2D: acc = sum (x - z_x) * (w - z_w) + bias over the window; y = clamp(rescale(acc) + z_y), or floats alike.

Padding holds z_x, so it adds nothing. Input channels over filter channels is the number of groups. int8 weights have
zero point 0 (TFLite Micro ignores another); uint8 weights' counts.

    int8    litert, tflm: two roundings, multiplier of a float64 ratio; xnnpack: float32, halves to even
    uint8   litert: two roundings, the scales' product rounded to float32; xnnpack as int8; tflm has none
    int16   64-bit accumulators, a 15-bit multiplier; with a 32-bit bias and the option for it: two roundings, and in
            xnnpack (LiteRT's optimized kernel) halves up both times unless there are groups
    float32 litert, tflm: products added in order, each rounded; xnnpack: fused products, from the bias on
    float32 with integer weights (dynamic range): see mac_hybrid.py; the input's codes are symmetric in litert for one
            scale and one group, else they have a zero point; tflm has none
    int8 or uint8 that XNNPACK leaves (computed weights or bias, a bias without scale): halves up both times
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from tfq.numerics import accumulate, dynamic_range, rescale
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import mac, mac_xnnpack
from tfq.ops.contract import Node, Spec
from tfq.ops.mac import Kernels, Layer, built_in, either, grouped
from tfq.ops.mac_float import REFERENCE, XNNPACK_FLOAT
from tfq.ops.mac_hybrid import Hybrid, fused, scale_by_scale, scales_first
from tfq.ops.mac_integer import (
    Integer,
    bias_scale,
    by_bias,
    by_option,
    centred,
    counted,
    ignored,
    largest_scale,
    needs_bias,
)

SPEC = Spec(
    "CONV_2D",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/conv.cc, internal/reference/conv.h and integer_ops/conv.h; "
    "google/XNNPACK src/xnnpack/requantization.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/conv.cc",
)


def takes(node: Node, layer: Layer) -> bool:
    """Whether LiteRT hands the layer to XNNPACK."""
    return layer.bias is not None and mac_xnnpack.takes(node, layer)


_INT8 = Integer(rescale.TWO_ROUNDINGS, checks=(needs_bias,))
_UINT8 = Integer(rescale.TWO_ROUNDINGS_SINGLE_PRODUCT, zero_point=counted, checks=(needs_bias, bias_scale))
_WIDE = Integer(rescale.FIFTEEN_BITS, 64, checks=(needs_bias, centred))
_NARROW = Integer(rescale.TWO_ROUNDINGS, checks=(needs_bias, centred))

# LiteRT's optimized kernels; layers with groups run on the reference's.
_INT8_UP = built_in(either(grouped, _INT8, Integer(rescale.HALVES_UP, checks=_INT8.checks)))
_UINT8_UP = built_in(
    either(grouped, _UINT8, Integer(rescale.HALVES_UP_SINGLE_PRODUCT, zero_point=counted, checks=_UINT8.checks))
)
_NARROW_UP = either(grouped, _NARROW, Integer(rescale.HALVES_UP, checks=_NARROW.checks))

_FLOAT32 = Integer(rescale.FLOAT32, checks=(largest_scale,))
_FLOAT32_UINT8 = Integer(rescale.FLOAT32, zero_point=counted, checks=(largest_scale,))
_MICRO = Integer(rescale.TWO_ROUNDINGS, zero_point=ignored)


def _own_scales(node: Node, layer: Layer) -> bool:
    """Whether LiteRT's dynamic range kernel goes channel by channel."""
    q = layer.w.quantization
    return grouped(node, layer) or (q is not None and bool(np.any(q.scale != q.scale[0])))


_ONE_SCALE = Hybrid(dynamic_range.symmetric, scales_first, checks=(needs_bias,))
_PER_CHANNEL = Hybrid(dynamic_range.asymmetric, scale_by_scale, broadcasts=False, checks=(needs_bias,))
_HYBRID = either(_own_scales, _PER_CHANNEL, _ONE_SCALE)
_PER_CHANNEL_UP = either(grouped, _PER_CHANNEL, replace(_PER_CHANNEL, finish=scales_first))
_HYBRID_UP = either(_own_scales, _PER_CHANNEL_UP, _ONE_SCALE)


def _one_pixel(node: Node, layer: Layer) -> bool:
    """Whether XNNPACK sees a dense layer of each pixel."""
    strides = (node.options["stride_h"], node.options["stride_w"])
    return layer.w.shape[1:3] == strides == (1, 1) and not grouped(node, layer)


_IMAGES = Hybrid(dynamic_range.xnnpack, fused, float("inf"))
_XNNPACK_HYBRID = either(_one_pixel, replace(_IMAGES, by_row=True), _IMAGES)

# What KERNELS says of int8 inputs and int4 weights without groups, for training.
PACKED = {LITERT: rescale.TWO_ROUNDINGS, XNNPACK: rescale.HALVES_UP, TFLM: rescale.TWO_ROUNDINGS}

KERNELS: Kernels = {
    LITERT: {
        "INT8 INT8": _INT8,
        "INT8 INT4": _INT8,
        "UINT8 UINT8": _UINT8,
        "INT16 INT8": by_option(_WIDE, _NARROW),
        "FLOAT32 FLOAT32": replace(REFERENCE, checks=(needs_bias,)),
        "FLOAT32 INT8": _HYBRID,
        "FLOAT32 INT4": _HYBRID,
    },
    XNNPACK: {
        "INT8 INT8": either(takes, _FLOAT32, _INT8_UP),
        "INT8 INT4": _INT8_UP,
        "UINT8 UINT8": either(takes, _FLOAT32_UINT8, _UINT8_UP),
        "INT16 INT8": built_in(by_option(_WIDE, _NARROW_UP)),
        "FLOAT32 FLOAT32": either(takes, XNNPACK_FLOAT, replace(REFERENCE, checks=(needs_bias,))),
        "FLOAT32 INT8": either(takes, _XNNPACK_HYBRID, _HYBRID_UP),
        "FLOAT32 INT4": _HYBRID_UP,
    },
    TFLM: {
        "INT8 INT8": _MICRO,
        "INT8 INT4": _MICRO,
        "INT16 INT8": by_bias(Integer(rescale.FIFTEEN_BITS, 64, ignored), _MICRO),
        "FLOAT32 FLOAT32": REFERENCE,
    },
}

stacks = mac.stacks


def layer_of(node: Node) -> Layer:
    """The op's sums. Raises Unsupported for shapes that do not fit together."""
    x, w, bias = mac.tensors(node, rank=4)
    depth, filter_depth = x.shape[3], w.shape[3]
    groups, channels = depth // filter_depth, w.shape[0]
    if depth % filter_depth or channels % groups:
        raise node.unsupported(f"{depth} input channels do not split into groups of a {w.shape} filter")
    window = mac.window(node, x, w)
    weights: Callable[..., accumulate.Weights] = partial(accumulate.prepare_conv, groups=groups)
    blocks: Callable[..., accumulate.Blocks] = partial(accumulate.conv_2d, window=window)
    if groups == depth == channels:
        weights, blocks = _depthwise, partial(accumulate.depthwise_conv_2d, window=window)
    return Layer(
        x,
        w,
        bias,
        node.outputs[0],
        channels,
        axis=0,
        weights=weights,
        blocks=blocks,
        size=lambda shape: (shape[0], *window.output_size(*shape[1:3]), channels),
    )


def _depthwise(w: np.ndarray, codes: str = "int8") -> accumulate.Weights:
    """Of groups of one channel each, w: [O, kh, kw, 1]."""
    return accumulate.prepare_depthwise(w.transpose(3, 1, 2, 0), codes=codes)


def prepare(node: Node, profile: Profile) -> mac.Ready:
    """The convolution, ready to run. Raises Unsupported for what the profile's kernel refuses."""
    return mac.prepare(node, profile, layer_of(node), KERNELS)


def evaluate(params: mac.Ready, x, w, bias=None) -> np.ndarray:
    """x: [N, H, W, C] -> [N, OH, OW, O]."""
    return params(x, w, bias)
