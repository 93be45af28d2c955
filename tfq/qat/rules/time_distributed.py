"""Wrappers of one layer: its rule on what the wrapper hands to it."""

from __future__ import annotations

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, tensor
from tfq.qat.rules.windows import sizes


def _time_distributed(net: Net, call: Call) -> Value:
    """The time folded into the batch: layers treat each sample alone."""
    if call.kwargs.get("mask") is not None:
        raise net.refuse("called with a mask", "leave the mask out")
    x = tensor(call)
    time, *entries = sizes(net, x)
    y = net.called(call.layer.layer, net.reshape(x, [-1, *entries]))
    return net.reshape(y, [-1, time, *y.shape[1:]])


def _spectral_normalization(net: Net, call: Call) -> Value:
    """The layer as it is: Keras normalizes its kernel while training, not at inference."""
    return net.called(call.layer.layer, tensor(call))


RULES: dict[type, Rule] = {
    keras.layers.TimeDistributed: _time_distributed,
    keras.layers.SpectralNormalization: _spectral_normalization,
}
