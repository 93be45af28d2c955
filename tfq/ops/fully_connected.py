"""FULLY_CONNECTED: acc = sum (x - z_x) * (w - z_w) + bias; y = clamp(rescale(acc) + z_y), or floats alike.

x: [..., K] is read as rows of K values; y is [rows, O], or keeps the leading dimensions with keep_num_dims. The bias
may be missing. z_w counts for one scale and is ignored per channel.

    int8    litert: a float64 product, halves away from zero; tflm: two roundings in fixed point;
            xnnpack: float32, halves to even
    uint8   litert and xnnpack as int8; tflm has none
    int16   litert as int8, in 64 bits (in 32 with the option for it); tflm: a 15-bit multiplier in 64 bits, two
            roundings with a 32-bit bias; xnnpack (LiteRT's optimized kernel): with a 64-bit bias as litert, else
            halves up twice
    int16 weights: 64-bit accumulators, a 15-bit multiplier, an int64 bias by option only; tflm has none
    float32 litert, tflm: products added in order, each rounded; xnnpack: fused products, from the bias on
    float32 with integer weights (dynamic range; int4 by blocks too): see mac_hybrid.py, mac_blockwise.py; tflm has none
    What XNNPACK leaves (computed weights or bias, a bias without scale, a zero point of int8 weights): halves up twice;
            for one scale the product of scales is rounded to float32
"""

from __future__ import annotations

import numpy as np

from tfq.errors import Unsupported
from tfq.numerics import accumulate, dynamic_range, rescale
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import mac, mac_xnnpack
from tfq.ops.contract import Node, Spec
from tfq.ops.mac import Kernels, Layer, built_in, either
from tfq.ops.mac_blockwise import blockwise, by_block, scale_of_zero
from tfq.ops.mac_float import REFERENCE, XNNPACK_FLOAT
from tfq.ops.mac_hybrid import Hybrid, fused, scales_first
from tfq.ops.mac_integer import (
    Integer,
    bias_scale,
    bias_scale_of_one,
    by_bias,
    by_option,
    centred,
    counted,
    largest_scale,
    one_scale,
    zero,
)

SPEC = Spec(
    "FULLY_CONNECTED",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/fully_connected.cc, internal/reference/fully_connected.h and "
    "integer_ops/fully_connected.h; google/XNNPACK src/xnnpack/requantization.h; tensorflow/tflite-micro "
    "tensorflow/lite/micro/kernels/fully_connected.cc",
)

_CLIPPING = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
# LiteRT refuses others, but for dynamic range layers, where they have no definition here; TFLite Micro ignores them.
ACTIVATIONS = {LITERT: _CLIPPING, XNNPACK: _CLIPPING, TFLM: (*_CLIPPING, "TANH", "SIGN_BIT")}

# How many values of a row share a byte: XNNPACK wants whole bytes.
_SHARING = {"INT4": 2, "INT2": 4}


def takes(node: Node, layer: Layer) -> bool:
    """Whether LiteRT hands the layer to XNNPACK. Raises Unsupported for zero points that it then chokes on."""
    q = layer.w.quantization
    if layer.w.type == "INT8" and q is not None and q.zero_point.any():
        if layer.w.data is not None and (q.per_channel or layer.x.type == "FLOAT32"):
            raise node.unsupported("weights must have zero point 0")
        return False
    return mac_xnnpack.takes(node, layer)


def takes_packed(node: Node, layer: Layer) -> bool:
    """As takes, for weights of 4 or 2 bits."""
    whole = layer.w.shape[1] % _SHARING[layer.w.type] == 0
    per_channel = layer.w.quantization is not None and layer.w.quantization.per_channel
    return whole and (per_channel or layer.w.type != "INT2") and mac_xnnpack.takes(node, layer)


def asks_for_64(node: Node, layer: Layer) -> bool:
    """Whether the option quantized_bias_type is INT64."""
    return node.options.get("quantized_bias_type", "FLOAT32") == "INT64"


def wide_bias(node: Node, layer: Layer) -> bool:
    """Whether LiteRT's optimized int16 kernel gives way to the reference's."""
    q = layer.w.quantization
    shifted = q is not None and not q.per_channel and bool(q.zero_point.any())
    return asks_for_64(node, layer) or shifted or (layer.bias is not None and layer.bias.type == "INT64")


_INT8 = Integer(rescale.FLOAT64_AWAY, zero_point=counted, checks=(bias_scale_of_one,))
_UINT8 = Integer(rescale.FLOAT64_AWAY, zero_point=counted, checks=(bias_scale,))
_WIDE = Integer(rescale.FLOAT64_AWAY, 64, counted, (centred, bias_scale_of_one))
_NARROW = Integer(rescale.FLOAT64_AWAY, 32, counted, (centred, bias_scale_of_one))
_SIXTEEN = either(
    asks_for_64,
    Integer(rescale.FIFTEEN_BITS_DENSE, 64, counted, _WIDE.checks),
    Integer(rescale.FIFTEEN_BITS_DENSE, 64, counted, _WIDE.checks, bias="INT32"),
)
_INT8_UP = built_in(Integer(rescale.HALVES_UP_DENSE, zero_point=counted, checks=_INT8.checks))
_UINT8_UP = built_in(Integer(rescale.HALVES_UP_DENSE, zero_point=counted, checks=_UINT8.checks))
_INT16_UP = Integer(rescale.HALVES_UP_DENSE, zero_point=zero, checks=_NARROW.checks)
_FLOAT32 = Integer(rescale.FLOAT32, checks=(largest_scale,))
_FLOAT32_UINT8 = Integer(rescale.FLOAT32, zero_point=counted, checks=(largest_scale,))
_MICRO = Integer(rescale.TWO_ROUNDINGS, zero_point=counted, checks=(bias_scale_of_one,))
_MICRO_WIDE = Integer(rescale.FIFTEEN_BITS, 64, counted, (bias_scale_of_one,))


def asks_for_asymmetric(node: Node, layer: Layer) -> bool:
    """Whether a dynamic range layer quantizes its input with a zero point."""
    return bool(node.options.get("asymmetric_quantize_inputs", False))


_HYBRID = either(
    asks_for_asymmetric,
    Hybrid(dynamic_range.asymmetric, scales_first, float("inf"), by_row=True),
    Hybrid(dynamic_range.symmetric, scales_first, float("inf"), by_row=True),
)
_XNNPACK_HYBRID = Hybrid(dynamic_range.xnnpack, fused, float("inf"), by_row=True)

# What KERNELS says of int8 inputs and int4 weights, for training: of even depth; of odd depth, with one scale and with
# several. tflm takes one.
PACKED = {LITERT: rescale.FLOAT64_AWAY, XNNPACK: rescale.FLOAT32, TFLM: rescale.TWO_ROUNDINGS}
PACKED_ODD = {**PACKED, XNNPACK: rescale.HALVES_UP_SINGLE_PRODUCT}, {**PACKED, XNNPACK: rescale.HALVES_UP}

KERNELS: Kernels = {
    LITERT: {
        "INT8 INT8": _INT8,
        "INT8 INT4": _INT8,
        "INT8 INT2": _INT8,
        "UINT8 UINT8": _UINT8,
        "INT16 INT8": by_option(_WIDE, _NARROW),
        "INT16 INT4": by_option(_WIDE, _NARROW),
        "INT16 INT16": _SIXTEEN,
        "FLOAT32 FLOAT32": REFERENCE,
        "FLOAT32 INT8": _HYBRID,
        "FLOAT32 INT4": either(blockwise, scale_of_zero, _HYBRID),
        "FLOAT32 INT2": _HYBRID,
    },
    XNNPACK: {
        "INT8 INT8": either(takes, _FLOAT32, _INT8_UP),
        "INT8 INT4": either(takes_packed, _FLOAT32, _INT8_UP),
        "INT8 INT2": either(takes_packed, _FLOAT32, _INT8_UP),
        "UINT8 UINT8": either(takes, _FLOAT32_UINT8, _UINT8_UP),
        "INT16 INT8": built_in(either(wide_bias, by_option(_WIDE, _NARROW), _INT16_UP)),
        "INT16 INT4": built_in(either(wide_bias, by_option(_WIDE, _NARROW), _INT16_UP)),
        "INT16 INT16": built_in(_SIXTEEN),
        "FLOAT32 FLOAT32": either(mac_xnnpack.takes, XNNPACK_FLOAT, REFERENCE),
        "FLOAT32 INT8": either(takes, _XNNPACK_HYBRID, _HYBRID),
        "FLOAT32 INT4": either(blockwise, by_block, either(takes_packed, _XNNPACK_HYBRID, _HYBRID)),
        "FLOAT32 INT2": either(takes_packed, _XNNPACK_HYBRID, _HYBRID),
    },
    TFLM: {
        "INT8 INT8": _MICRO,
        "INT8 INT4": Integer(rescale.TWO_ROUNDINGS, zero_point=counted, checks=(one_scale, bias_scale)),
        "INT16 INT8": by_bias(_MICRO_WIDE, _MICRO),
        "FLOAT32 FLOAT32": REFERENCE,
    },
}

stacks = mac.stacks


def layer_of(node: Node) -> Layer:
    """The op's sums. Raises Unsupported for shapes that do not fit together and shuffled weights."""
    x, w, bias = mac.tensors(node, rank=2)
    channels, depth = w.shape
    keep = bool(node.options.get("keep_num_dims", False))
    if node.options.get("weights_format", "DEFAULT") != "DEFAULT":
        raise node.unsupported("weights in a shuffled format have no definition here")
    if not x.shape or (x.shape[-1] != depth if keep else int(np.prod(x.shape)) % depth):
        raise node.unsupported(f"input {list(x.shape)} is not rows of {depth} values")

    def blocks(x, border, weights, product=accumulate.ANY_ORDER):
        return accumulate.dense(_rows(x, depth), weights, product)

    def size(shape: tuple[int, ...]) -> tuple[int, ...]:
        return (*shape[:-1], channels) if keep else (int(np.prod(shape)) // depth, channels)

    return Layer(x, w, bias, node.outputs[0], channels, 0, accumulate.prepare_dense, blocks, size)


def _rows(x: np.ndarray, depth: int) -> np.ndarray:
    if x.size % depth:
        raise Unsupported(f"FULLY_CONNECTED: input {list(x.shape)} is not rows of {depth} values")
    return x.reshape(-1, depth)


def prepare(node: Node, profile: Profile) -> mac.Ready:
    """The layer, ready to run. Raises Unsupported for what the profile's kernel refuses."""
    activation = node.options.get("fused_activation_function", "NONE")
    if activation not in ACTIVATIONS[profile]:
        raise node.unsupported(f"the fused activation must be one of {', '.join(_CLIPPING)}, received {activation}")
    layer = layer_of(node)
    q = layer.w.quantization
    if layer.w.type in _SHARING and q is not None and q.zero_point.any():
        raise node.unsupported(f"{layer.w.type} weights must have zero point 0")
    return mac.prepare(node, profile, layer, KERNELS)


def evaluate(params: mac.Ready, x, w, bias=None) -> np.ndarray:
    """x: [..., K] -> [rows, O], or [..., O] with keep_num_dims."""
    return params(x, w, bias)
