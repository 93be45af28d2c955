"""Layers and operations that only put elements elsewhere."""

from __future__ import annotations

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor, tensors


def _reshape(net: Net, call: Call) -> Value:
    if getattr(call.layer, "data_format", "channels_last") != "channels_last":
        raise net.refuse("data_format is channels_first", "TFLite has channels_last only")
    shape = call.output.shape[1:]
    if None in shape:
        raise net.refuse(f"output shape {call.output.shape} is not known", "give the model's input a full shape")
    return net.reshape(tensor(call), [-1, *shape])


def _concatenate(net: Net, call: Call) -> Value:
    return net.concatenate(tensors(call), call.layer.axis)


def _transpose(net: Net, call: Call) -> Value:
    x = tensor(call)
    return net.transpose(x, call.layer.axes or range(len(x.shape))[::-1])


def _permute(net: Net, call: Call) -> Value:
    return net.transpose(tensor(call), (0, *call.layer.dims))


def _zero_padding(net: Net, call: Call) -> Value:
    padding = call.layer.padding
    padding = [padding] if isinstance(padding[0], int) else list(padding)
    if getattr(call.layer, "data_format", "channels_last") != "channels_last":
        raise net.refuse("data_format is channels_first", "TFLite has channels_last only")
    return net.pad(tensor(call), [*padding, (0, 0)])


def _split(net: Net, call: Call) -> list[Value]:
    x, axis = tensor(call), call.layer.axis % len(tensor(call).shape)
    sizes = [output.shape[axis] for output in call.outputs]
    ends = np.cumsum(sizes)
    return [net.slice(x, axis, end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _stack(net: Net, call: Call) -> Value:
    values, axis = tensors(call), call.layer.axis % len(call.output.shape)
    if axis == 0:
        raise net.refuse("axis 0 is the batch", "stack along another axis")
    entries = [-1, *(n for n in values[0].shape[1:])]
    entries.insert(axis, 1)
    return net.concatenate([net.reshape(value, entries) for value in values], axis)


_L = keras.layers
RULES: dict[type, Rule] = {
    _L.Flatten: _reshape,
    _L.Reshape: _reshape,
    _L.Permute: _permute,
    _L.Concatenate: _concatenate,
    _L.ZeroPadding1D: _zero_padding,
    _L.ZeroPadding2D: _zero_padding,
    operation("numpy", "Reshape"): _reshape,
    operation("numpy", "ExpandDims"): _reshape,
    operation("numpy", "Squeeze"): _reshape,
    operation("numpy", "Transpose"): _transpose,
    operation("numpy", "Concatenate"): _concatenate,
    operation("numpy", "Split"): _split,
    operation("numpy", "Stack"): _stack,
}
