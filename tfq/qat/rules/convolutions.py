"""Convolutions."""

from __future__ import annotations

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.activations import activated
from tfq.qat.rules.families import Rule, tensor


def _conv_2d(net: Net, call: Call) -> Value:
    return activated(net, call, net.weighted("conv_2d", tensor(call), call.layer))


def _depthwise_conv_2d(net: Net, call: Call) -> Value:
    return activated(net, call, net.weighted("depthwise_conv_2d", tensor(call), call.layer))


def _separable_conv_2d(net: Net, call: Call) -> Value:
    layer = call.layer
    common = {"padding": layer.padding, "strides": layer.strides, "dilation_rate": layer.dilation_rate}
    depthwise = keras.layers.DepthwiseConv2D(
        layer.kernel_size,
        depth_multiplier=layer.depth_multiplier,
        use_bias=False,
        data_format=layer.data_format,
        name=f"{layer.name}_depthwise",
        **common,
    )
    pointwise = keras.layers.Conv2D(layer.filters, 1, use_bias=layer.use_bias, name=f"{layer.name}_pointwise")
    for inner in (depthwise, pointwise):
        inner.trainable = layer.trainable
    x = net.weighted("depthwise_conv_2d", tensor(call), depthwise, [layer.depthwise_kernel], "depthwise")
    y = net.weighted("conv_2d", x, pointwise, [layer.pointwise_kernel, layer.bias], "pointwise")
    return activated(net, call, y)


RULES: dict[type, Rule] = {
    keras.layers.Conv2D: _conv_2d,
    keras.layers.DepthwiseConv2D: _depthwise_conv_2d,
    keras.layers.SeparableConv2D: _separable_conv_2d,
}
