"""Pooling and reductions."""

from __future__ import annotations

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor


def _pool(kind: str) -> Rule:
    def rule(net: Net, call: Call) -> Value:
        if call.layer.data_format != "channels_last":
            raise net.refuse("data_format is channels_first", "TFLite has channels_last only")
        return net.part(kind, [tensor(call)], call.output.shape, layer=call.layer)

    return rule


def _global_average(net: Net, call: Call) -> Value:
    if call.layer.data_format != "channels_last":
        raise net.refuse("data_format is channels_first", "TFLite has channels_last only")
    x = tensor(call)
    return net.mean(x, range(1, len(x.shape) - 1), call.layer.keepdims)


def _mean(net: Net, call: Call) -> Value:
    x, axis = tensor(call), call.layer.axis
    axes = range(len(x.shape)) if axis is None else [axis] if isinstance(axis, int) else axis
    return net.mean(x, axes, call.layer.keepdims)


_L = keras.layers
RULES: dict[type, Rule] = {
    _L.MaxPooling2D: _pool("max_pool"),
    _L.AveragePooling2D: _pool("average_pool"),
    _L.GlobalAveragePooling2D: _global_average,
    _L.GlobalAveragePooling1D: _global_average,
    operation("numpy", "Mean"): _mean,
}
