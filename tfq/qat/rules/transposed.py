"""Transposed convolutions in one and two dimensions.

TRANSPOSE_CONV has no dilation, and LiteRT leaves it to other kernels where a stride is wider than the kernel under
"same" padding. So a dilated one (of stride 1) is a convolution with the kernel turned round, and that case is a "valid"
one of which a part is kept.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.activations import activated
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.windows import (
    Window,
    array,
    conv_2d,
    kept,
    operands,
    operation_window,
    sizes,
    window_of,
)

_L = keras.layers
Gap = tuple[int, ...] | None  # output_padding


def transposed(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window, output_padding: Gap) -> Value:
    """The transposed convolution. kernel: [..., F, C], of as many dimensions as x. bias: [F] or None."""
    entries = sizes(net, x)
    if len(entries) == 3:
        return _planar(net, x, kernel, bias, window, output_padding)
    flat_padding = None if output_padding is None else (0, *output_padding)
    y = _planar(net, net.reshape(x, [-1, 1, *entries]), kernel[None], bias, window.with_height(), flat_padding)
    return net.reshape(y, [-1, *y.shape[2:]])


def _planar(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window, output_padding: Gap) -> Value:
    """Of [B, H, W, C]. kernel: [kh, kw, F, C]."""
    layer = _layer(kernel, bias, window, output_padding)
    shape = layer.compute_output_shape(x.shape)
    # What TensorFlow cuts off before the result.
    spans = [
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip(sizes(net, x), window.strides, kernel.shape, window.dilation, strict=False)
    ]
    same = window.padding == "same"
    before = [max(span - size, 0) // 2 if same else 0 for span, size in zip(spans, shape[1:3], strict=True)]
    if max(window.dilation) > 1:
        return _turned_round(net, x, kernel, bias, window, before, shape)
    if not same or all(k >= s for k, s in zip(kernel.shape, window.strides, strict=False)):
        return net.weighted("conv_2d_transpose", x, layer, [kernel, bias])
    y = net.weighted("conv_2d_transpose", x, _layer(kernel, bias, window.valid(), None), [kernel, bias])
    for axis in (1, 2):
        start, size = before[axis - 1], shape[axis]
        y = y if (start, size) == (0, y.shape[axis]) else net.slice(y, axis, start, start + size)
    return y


def _layer(kernel: np.ndarray, bias: Any, window: Window, output_padding: Gap) -> Any:
    layer = _L.Conv2DTranspose(
        kernel.shape[2],
        kernel.shape[:2],
        output_padding=output_padding,
        use_bias=bias is not None,
        **window.keywords(),
    )
    layer.trainable = window.trainable
    return layer


def _turned_round(
    net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window, before: list[int], shape: Any
) -> Value:
    """Stride 1: y[i] = sum over t of x[i + before - t * dilation] * kernel[t], a convolution with the taps reversed."""
    paddings = []
    for axis in (0, 1):
        reach = (kernel.shape[axis] - 1) * window.dilation[axis]
        first = reach - before[axis]
        paddings.append((first, shape[axis + 1] - int(x.shape[axis + 1] or 0) + reach - first))
    x = net.pad(x, [*paddings, (0, 0)])
    return conv_2d(net, x, kernel[::-1, ::-1].transpose(0, 1, 3, 2), bias, window.valid(), "conv_2d")


def _conv_transpose(net: Net, call: Call) -> Value:
    layer = call.layer
    window = window_of(net, layer, kept(net, layer, "kernel", "bias"))
    y = transposed(net, tensor(call), array(layer.kernel), array(layer.bias), window, layer.output_padding)
    return activated(net, call, y)


def _conv_3d_transpose(net: Net, call: Call) -> Value:
    raise net.refuse("TFLite has no integer kernel for it", "use TimeDistributed(Conv2DTranspose(...)) over the depth")


def _ops_conv_transpose(net: Net, call: Call) -> Value:
    x, kernel = operands(call, "inputs", "kernel")
    if len(x.shape) == 5:
        return _conv_3d_transpose(net, call)
    padding = call.layer.output_padding
    padding = (padding,) * (len(x.shape) - 2) if isinstance(padding, int) else padding
    return transposed(net, x, array(kernel), None, operation_window(net, call, kernel), padding)


RULES: dict[type, Rule] = {
    _L.Conv1DTranspose: _conv_transpose,
    _L.Conv2DTranspose: _conv_transpose,
    _L.Conv3DTranspose: _conv_3d_transpose,
    operation("nn", "ConvTranspose"): _ops_conv_transpose,
}
