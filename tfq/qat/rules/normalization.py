"""Normalization."""

from __future__ import annotations

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, tensor


def _batch_norm(net: Net, call: Call) -> Value:
    x, axis = tensor(call), call.layer.axis
    axis = axis if isinstance(axis, int) else axis[0]
    if axis not in (-1, len(x.shape) - 1):
        raise net.refuse(f"axis {call.layer.axis}", "normalize over the last axis")
    return net.part("scale", [x], x.shape, layer=call.layer, settings={"batch_norm": True})


def _rescaling(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    for value in (layer.scale, layer.offset):
        if np.ndim(value) > 1 or np.size(value) not in (1, x.shape[-1]):
            raise net.refuse("scale and offset must be one number or one per channel", "give one per channel")
    return net.scale(x, layer.scale, layer.offset)


RULES: dict[type, Rule] = {
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Rescaling: _rescaling,
}
