"""Convolutions in one, two and three dimensions: those of one are 2-D with a height of 1; of three, see conv_3d."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.activations import activated
from tfq.qat.rules.conv_3d import conv_3d
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.windows import (
    Window,
    array,
    conv_2d,
    depthwise_conv_2d,
    kept,
    operands,
    operation_window,
    sizes,
    window_of,
)

_L = keras.layers
Body = Callable[[Value, Window], Value]


def in_the_plane(net: Net, x: Value, length: int, window: Window, body: Body) -> Value:
    """body(x, window) of a 2-D convolution; a 1-D one goes there by way of a height of 1. length: of the 1-D kernel."""
    entries = sizes(net, x)
    if len(entries) == 3:
        return body(x, window)
    x = net.reshape(x, [-1, 1, *entries])
    flat = window.with_height()
    if window.padding == "causal":
        x = net.pad(x, [(0, 0), ((length - 1) * window.dilation[0], 0), (0, 0)])
        flat = flat.valid()
    y = body(x, flat)
    return net.reshape(y, [-1, *y.shape[2:]])


def convolve(net: Net, x: Value, kernel: Any, bias: Any, window: Window) -> Value:
    """A convolution in as many dimensions as x has. kernel: NumPy [..., C / groups, F]. bias: [F] or None."""
    if len(sizes(net, x)) == 4:
        return conv_3d(net, x, kernel, bias, window)
    planar = kernel if kernel.ndim == 4 else kernel[None]
    return in_the_plane(
        net, x, kernel.shape[0], window, lambda x, window: conv_2d(net, x, planar, bias, window, "conv_2d")
    )


def depthwise_convolve(net: Net, x: Value, kernel: Any, bias: Any, window: Window) -> Value:
    """A depthwise convolution in one or two dimensions. kernel: NumPy [..., C, multiplier]. bias: or None."""
    planar = kernel if kernel.ndim == 4 else kernel[None]
    return in_the_plane(
        net, x, kernel.shape[0], window, lambda x, window: depthwise_conv_2d(net, x, planar, bias, window, "depthwise")
    )


def separable(net: Net, x: Value, kernels: Any, bias: Any, depthwise: Window, pointwise: Window) -> Value:
    """Depthwise, then pointwise. kernels: NumPy, both. bias: of the second, or None."""
    first, second = (kernel if kernel.ndim == 4 else kernel[None] for kernel in kernels)

    def body(x: Value, window: Window) -> Value:
        y = depthwise_conv_2d(net, x, first, None, window, "depthwise")
        return conv_2d(net, y, second, bias, pointwise, "pointwise")

    return in_the_plane(net, x, kernels[0].shape[0], depthwise, body)


def _conv(net: Net, call: Call) -> Value:
    layer = call.layer
    window = window_of(net, layer, kept(net, layer, "kernel", "bias"))
    return activated(net, call, convolve(net, tensor(call), array(layer.kernel), array(layer.bias), window))


def _conv_2d(net: Net, call: Call) -> Value:
    return activated(net, call, net.weighted("conv_2d", tensor(call), call.layer))


def _depthwise_conv_1d(net: Net, call: Call) -> Value:
    layer = call.layer
    window = window_of(net, layer, kept(net, layer, "depthwise", "bias"))
    return activated(net, call, depthwise_convolve(net, tensor(call), array(layer.kernel), array(layer.bias), window))


def _depthwise_conv_2d(net: Net, call: Call) -> Value:
    return activated(net, call, net.weighted("depthwise_conv_2d", tensor(call), call.layer))


def _separable_conv(net: Net, call: Call) -> Value:
    layer = call.layer
    depthwise = window_of(net, layer, kept(net, layer, "depthwise"), "depthwise")
    like = kept(net, layer, "bias", kernel="pointwise")
    pointwise = Window((1, 1), "valid", (1, 1), f"{layer.name}_pointwise", layer.trainable, like)
    kernels = [array(layer.depthwise_kernel), array(layer.pointwise_kernel)]
    return activated(net, call, separable(net, tensor(call), kernels, array(layer.bias), depthwise, pointwise))


def _ops_conv(net: Net, call: Call) -> Value:
    x, kernel = operands(call, "inputs", "kernel")
    return convolve(net, x, array(kernel), None, operation_window(net, call, kernel))


def _ops_depthwise_conv(net: Net, call: Call) -> Value:
    x, kernel = operands(call, "inputs", "kernel")
    return depthwise_convolve(net, x, array(kernel), None, operation_window(net, call, kernel))


def _ops_separable_conv(net: Net, call: Call) -> Value:
    x, *kernels = operands(call, "inputs", "depthwise_kernel", "pointwise_kernel")
    first = operation_window(net, call, kernels[0], "_depthwise")
    trainable = operation_window(net, call, kernels[1]).trainable
    second = Window((1, 1), "valid", (1, 1), f"{call.layer.name}_pointwise", trainable)
    return separable(net, x, [array(kernel) for kernel in kernels], None, first, second)


RULES: dict[type, Rule] = {
    _L.Conv1D: _conv,
    _L.Conv2D: _conv_2d,
    _L.Conv3D: _conv,
    _L.DepthwiseConv1D: _depthwise_conv_1d,
    _L.DepthwiseConv2D: _depthwise_conv_2d,
    _L.SeparableConv1D: _separable_conv,
    _L.SeparableConv2D: _separable_conv,
    operation("nn", "Conv"): _ops_conv,
    operation("nn", "DepthwiseConv"): _ops_depthwise_conv,
    operation("nn", "SeparableConv"): _ops_separable_conv,
}
