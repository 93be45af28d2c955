"""Layers that do nothing at inference."""

from __future__ import annotations

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, tensor


def _dropout(net: Net, call: Call) -> Value:
    """Kept while training: a layer whose training output has the mean of its input."""
    return net.part("dropout", [tensor(call)], call.output.shape, layer=call.layer)


def _identity(net: Net, call: Call) -> Value:
    return net.identity(tensor(call))


_L = keras.layers
RULES: dict[type, Rule] = {
    _L.Dropout: _dropout,
    _L.SpatialDropout1D: _dropout,
    _L.SpatialDropout2D: _dropout,
    _L.SpatialDropout3D: _dropout,
    _L.GaussianNoise: _dropout,
    _L.GaussianDropout: _dropout,
    _L.AlphaDropout: _dropout,
    _L.Identity: _identity,
    _L.ActivityRegularization: _identity,
}
