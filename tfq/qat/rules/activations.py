"""Activations: those with an int8 kernel that all runtimes have, others as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor

# Keras's names of activation functions -> (net, x) -> y.
ACTIVATIONS: dict[str, Callable[[Net, Value], Value]] = {
    "linear": lambda net, x: x,
    "relu": lambda net, x: net.activation(x, "relu"),
    "relu6": lambda net, x: net.activation(x, "relu6"),
    "sigmoid": lambda net, x: net.activation(x, "sigmoid"),
    "tanh": lambda net, x: net.activation(x, "tanh"),
    "softmax": lambda net, x: net.activation(x, "softmax"),
    "silu": lambda net, x: net.multiply(x, net.activation(x, "sigmoid")),
}


def activation(net: Net, x: Value, function: Any) -> Value:
    """The named or given Keras activation of x. Raises Unsupported for one without an int8 form."""
    name = "linear" if function is None else keras.activations.serialize(keras.activations.get(function))
    if name not in ACTIVATIONS:
        label = name if isinstance(name, str) else "a function of your own"
        raise net.refuse(f"activation {label} has no int8 form", f"use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name](net, x)


def activated(net: Net, call: Call, x: Value) -> Value:
    """x through the layer's own activation."""
    return activation(net, x, getattr(call.layer, "activation", None))


def _activation(net: Net, call: Call) -> Value:
    return activated(net, call, tensor(call))


def _relu(net: Net, call: Call) -> Value:
    layer, x = call.layer, tensor(call)
    if layer.negative_slope == 0 and layer.threshold == 0 and layer.max_value in (None, 6, 6.0):
        return net.activation(x, "relu" if layer.max_value is None else "relu6")
    below = ["multiply", float(layer.negative_slope), ["subtract", "x", float(layer.threshold)]]
    above = "x" if layer.max_value is None else ["minimum", "x", float(layer.max_value)]
    return net.table(["where", ["greater_equal", "x", float(layer.threshold)], above, below], x)


def _softmax(net: Net, call: Call) -> Value:
    x = tensor(call)
    if call.layer.axis not in (-1, len(x.shape) - 1):
        raise net.refuse(f"axis {call.layer.axis}", "softmax runs over the last axis in TFLite")
    if len(call.inputs) > 1:
        raise net.refuse("called with a mask", "leave the mask out")
    return net.activation(x, "softmax")


def _named(name: str) -> Rule:
    return lambda net, call: ACTIVATIONS[name](net, tensor(call))


RULES: dict[type, Rule] = {
    keras.layers.ReLU: _relu,
    keras.layers.Activation: _activation,
    keras.layers.Softmax: _softmax,
    operation("nn", "Relu"): _named("relu"),
    operation("nn", "Relu6"): _named("relu6"),
    operation("nn", "Sigmoid"): _named("sigmoid"),
    operation("nn", "Silu"): _named("silu"),
    operation("numpy", "Tanh"): _named("tanh"),
}
