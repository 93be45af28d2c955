"""DEPTHWISE_CONV_2D: acc[c * m + j] = sum (x[c] - z_x) * (w[c * m + j] - z_w) + bias; y = clamp(rescale(acc) + z_y).

The depth multiplier m is filter channels over input channels. int8 and int16 kernels take z_w for 0, uint8 counts it.

    int8    litert, tflm: two roundings, multiplier of a float64 ratio; xnnpack: float32, halves to even
    uint8   litert: two roundings, the scales' product rounded to float32; xnnpack as int8; tflm has none
    int16   64-bit accumulators, a 15-bit multiplier, an int64 bias
    float32 litert, tflm: products added in order, each rounded; xnnpack: fused products, from the bias on
    float32 with int8 weights (dynamic range): see mac_hybrid.py; xnnpack leaves them to LiteRT; tflm has none
    int8 that XNNPACK leaves (computed weights or bias, a bias without scale, zero points per channel): halves up both
            times in vectors of 8 channels, the last channels as the reference; such uint8 as litert

The option depth_multiplier says nothing new. The kernels that go by it (XNNPACK, TFLite Micro, LiteRT's for int16) read
or write beyond the tensors where it is another number: refused.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from tfq.numerics import accumulate, dynamic_range, rescale
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import mac, mac_xnnpack
from tfq.ops.contract import Node, Spec
from tfq.ops.mac import Kernels, Layer, built_in, either
from tfq.ops.mac_float import REFERENCE, XNNPACK_FLOAT
from tfq.ops.mac_hybrid import Hybrid, in_fours, scales_first
from tfq.ops.mac_integer import Integer, bias_scale, centred, counted, ignored, largest_scale, needs_bias

SPEC = Spec(
    "DEPTHWISE_CONV_2D",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/depthwise_conv.cc, internal/reference/depthwiseconv_uint8.h and "
    "integer_ops/depthwise_conv.h; google/XNNPACK src/xnnpack/requantization.h; tensorflow/tflite-micro "
    "tensorflow/lite/micro/kernels/depthwise_conv.cc",
)


def true_multiplier(node: Node, layer: Layer) -> None:
    """Raises Unsupported where the option depth_multiplier is not the shapes'."""
    given, found = node.options.get("depth_multiplier", 1), layer.channels // layer.x.shape[3]
    if given != found:
        raise node.unsupported(f"the option depth_multiplier is {given}, the shapes say {found}")


def takes(node: Node, layer: Layer) -> bool:
    """Whether LiteRT hands the layer to XNNPACK."""
    given = node.options.get("depth_multiplier", 1)
    usual = layer.bias is not None and given > 0 and layer.channels % given == 0
    return usual and mac_xnnpack.takes(node, layer)


_INT8 = Integer(rescale.TWO_ROUNDINGS, zero_point=ignored)
_INT8_UP = Integer(rescale.HALVES_UP_VECTORS, zero_point=ignored, checks=(needs_bias,))
_UINT8 = Integer(rescale.TWO_ROUNDINGS_SINGLE_PRODUCT, zero_point=counted, checks=(bias_scale,))
_INT16 = Integer(rescale.FIFTEEN_BITS, 64, ignored, checks=(centred, true_multiplier))
_MICRO = Integer(rescale.TWO_ROUNDINGS, zero_point=ignored, checks=(true_multiplier,))
_FLOAT32 = Integer(rescale.FLOAT32, checks=(true_multiplier, largest_scale))
_FLOAT32_UINT8 = Integer(rescale.FLOAT32, zero_point=counted, checks=(true_multiplier, largest_scale))

_HYBRID = Hybrid(dynamic_range.asymmetric, scales_first, broadcasts=False, checks=(true_multiplier,))

KERNELS: Kernels = {
    LITERT: {
        "INT8 INT8": _INT8,
        "INT8 INT4": _INT8,
        "UINT8 UINT8": _UINT8,
        "INT16 INT8": _INT16,
        "FLOAT32 FLOAT32": REFERENCE,
        "FLOAT32 INT8": _HYBRID,
    },
    XNNPACK: {
        "INT8 INT8": either(takes, _FLOAT32, built_in(_INT8_UP)),
        "INT8 INT4": built_in(_INT8_UP),
        "UINT8 UINT8": either(takes, _FLOAT32_UINT8, built_in(_UINT8)),
        "INT16 INT8": built_in(_INT16),
        "FLOAT32 FLOAT32": either(takes, replace(XNNPACK_FLOAT, checks=(true_multiplier,)), REFERENCE),
        "FLOAT32 INT8": replace(_HYBRID, finish=in_fours, checks=(needs_bias, true_multiplier)),
    },
    TFLM: {
        "INT8 INT8": _MICRO,
        "INT8 INT4": _MICRO,
        "INT16 INT8": Integer(rescale.FIFTEEN_BITS, 64, ignored, checks=(true_multiplier,)),
        "FLOAT32 FLOAT32": replace(REFERENCE, checks=(true_multiplier,)),
    },
}

stacks = mac.stacks


def layer_of(node: Node) -> Layer:
    """The op's sums. Raises Unsupported for shapes that do not fit together."""
    x, w, bias = mac.tensors(node, rank=4)
    depth, channels = x.shape[3], w.shape[3]
    if w.shape[0] != 1 or channels % depth:
        raise node.unsupported(f"{depth} input channels do not divide the channels of a {w.shape} filter")
    window = mac.window(node, x, w)
    return Layer(
        x,
        w,
        bias,
        node.outputs[0],
        channels,
        axis=3,
        weights=partial(accumulate.prepare_depthwise, width=window.output_size(*x.shape[1:3])[1]),
        blocks=partial(accumulate.depthwise_conv_2d, window=window),
        size=lambda shape: (shape[0], *window.output_size(*shape[1:3]), channels),
    )


def prepare(node: Node, profile: Profile) -> mac.Ready:
    """The convolution, ready to run. Raises Unsupported for what the profile's kernel refuses."""
    return mac.prepare(node, profile, layer_of(node), KERNELS)


def evaluate(params: mac.Ready, x, w, bias=None) -> np.ndarray:
    """x: [N, H, W, C] -> [N, OH, OW, C * m]."""
    return params(x, w, bias)
