"""Activations: with an int8 kernel that all runtimes have; functions of one element as tables; others in steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras.src.activations import activations as keras_functions

from tfq.numerics import curves
from tfq.numerics.expression import Expression
from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.sparsemax import sparsemax


def _curve(make: Callable[..., Expression]) -> Callable[..., Value]:
    return lambda net, x, **options: net.table(make(**options), x)


def relu(net: Net, x: Value, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0):
    """Keras's relu with its options."""
    if negative_slope == 0 and threshold == 0 and max_value in (None, 6):
        return net.activation(x, "relu" if max_value is None else "relu6")
    return net.table(curves.relu(negative_slope, max_value, threshold), x)


def silu(net: Net, x: Value) -> Value:
    """x * sigmoid(x): both have fast kernels."""
    return net.multiply(x, net.activation(x, "sigmoid"))


def softmax(net: Net, x: Value, axis: int | Sequence[int] = -1) -> Value:
    """Softmax over an axis or several."""
    return over_last_axis(net, x, axis, lambda y: net.activation(y, "softmax"))


def log_softmax(net: Net, x: Value, axis: int | Sequence[int] = -1) -> Value:
    """Log of softmax over an axis or several."""
    return over_last_axis(net, x, axis, lambda y: net.activation(y, "log_softmax"))


def over_last_axis(net: Net, x: Value, axis: Any, function: Callable[[Value], Value]) -> Value:
    """function, which works on the last axis and keeps the shape, over other axes: moved last and folded into one."""
    rank = len(x.shape)
    if axis is None:
        raise net.refuse("axis None covers the batch", "name the axes")
    axes = net.axes(x, [axis] if isinstance(axis, int) else axis)
    order = [i for i in range(rank) if i not in axes] + list(axes)
    moved = net.transpose(x, order)
    if len(axes) == 1:
        made = function(moved)
    else:
        size = math.prod(int(n or 1) for n in moved.shape[-len(axes) :])
        folded = net.reshape(moved, [*moved.shape[: -len(axes)], size])
        made = net.reshape(function(folded), moved.shape)
    return net.transpose(made, [order.index(i) for i in range(rank)])


def glu(net: Net, x: Value, axis: int = -1) -> Value:
    """The first half times the sigmoid of the second."""
    half = int(x.shape[axis] or 0) // 2
    gate = net.activation(net.slice(x, axis, half, 2 * half), "sigmoid")
    return net.multiply(net.slice(x, axis, 0, half), gate)


# Keras's names of activation functions -> (net, x, **its options) -> y.
ACTIVATIONS: dict[str, Callable[..., Value]] = {
    "linear": lambda net, x: x,
    "relu": relu,
    "relu6": lambda net, x: net.activation(x, "relu6"),
    "sigmoid": lambda net, x: net.activation(x, "sigmoid"),
    "tanh": lambda net, x: net.activation(x, "tanh"),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "silu": silu,
    "glu": glu,
    "sparsemax": sparsemax,
    "leaky_relu": _curve(curves.leaky_relu),
    "elu": _curve(curves.elu),
    "celu": _curve(curves.celu),
    "selu": _curve(curves.selu),
    "gelu": _curve(curves.gelu),
    "mish": _curve(curves.mish),
    "softplus": lambda net, x: net.table(["softplus", "x"], x),
    "softsign": _curve(curves.softsign),
    "squareplus": _curve(curves.squareplus),
    "exponential": lambda net, x: net.table(["exp", "x"], x),
    "hard_sigmoid": _curve(curves.hard_sigmoid),
    "hard_silu": _curve(curves.hard_silu),
    "hard_tanh": _curve(curves.hard_tanh),
    "hard_shrink": _curve(curves.hard_shrink),
    "soft_shrink": _curve(curves.soft_shrink),
    "tanh_shrink": _curve(curves.tanh_shrink),
    "log_sigmoid": _curve(curves.log_sigmoid),
    "sparse_plus": _curve(curves.sparse_plus),
    "sparse_sigmoid": _curve(curves.sparse_sigmoid),
    "threshold": _curve(curves.threshold),
}


def activation(net: Net, x: Value, function: Any) -> Value:
    """The named or given Keras activation of x; another function is traced into what it does."""
    function = keras.activations.get(function)
    name = getattr(function, "__name__", "")
    if getattr(keras.activations, name, None) is function:
        if name not in ACTIVATIONS:
            raise net.refuse(f"activation {name} has no int8 form", f"use one of {', '.join(ACTIVATIONS)}")
        return ACTIVATIONS[name](net, x)
    return net.inline(keras.layers.Activation(function), x)


def activated(net: Net, call: Call, x: Value) -> Value:
    """x through the layer's own activation."""
    made = activation(net, x, getattr(call.layer, "activation", None))
    if getattr(call.layer, "activation", None) is keras.activations.glu:
        call.output.shape = made.shape  # Keras declares the shape before it
    return made


def _activation(net: Net, call: Call) -> Value:
    return activated(net, call, tensor(call))


def _softmax_layer(net: Net, call: Call) -> Value:
    if len(call.inputs) > 1:
        raise net.refuse("called with a mask", "leave the mask out, or add a large negative number where it is off")
    return softmax(net, tensor(call), call.layer.axis)


def _prelu(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    if len(x.shape) > 4:
        below = net.multiply(net.activation(net.table(["negative", "x"], x), "relu"), layer.alpha)
        return net.subtract(net.activation(x, "relu"), below)
    return net.part("prelu", [x], x.shape, layer=layer, weights=[keras.ops.convert_to_numpy(layer.alpha)])


def _named(name: str, *options: str) -> Rule:
    """The activation of that name; options: attributes of the operation or layer that are its arguments."""
    return lambda net, call: ACTIVATIONS[name](
        net, tensor(call), **{option: getattr(call.layer, option) for option in options}
    )


_RELU = _named("relu", "negative_slope", "max_value", "threshold")
_L = keras.layers
RULES: dict[type, Rule] = {
    _L.Activation: _activation,
    _L.ReLU: _RELU,
    _L.LeakyReLU: _named("leaky_relu", "negative_slope"),
    _L.ELU: _named("elu", "alpha"),
    _L.PReLU: _prelu,
    _L.Softmax: _softmax_layer,
    keras_functions.ReLU: _RELU,
    keras_functions.Mish: _named("mish"),
    operation("nn", "Relu"): _named("relu"),
    operation("nn", "Relu6"): _named("relu6"),
    operation("nn", "Sigmoid"): _named("sigmoid"),
    operation("nn", "Silu"): _named("silu"),
    operation("nn", "Softplus"): _named("softplus"),
    operation("nn", "Softsign"): _named("softsign"),
    operation("nn", "SoftShrink"): _named("soft_shrink", "threshold"),
    operation("nn", "SparsePlus"): _named("sparse_plus"),
    operation("nn", "SparseSigmoid"): _named("sparse_sigmoid"),
    operation("nn", "Squareplus"): _named("squareplus", "b"),
    operation("nn", "LogSigmoid"): _named("log_sigmoid"),
    operation("nn", "LeakyRelu"): _named("leaky_relu", "negative_slope"),
    operation("nn", "HardSigmoid"): _named("hard_sigmoid"),
    operation("nn", "HardSilu"): _named("hard_silu"),
    operation("nn", "Elu"): _named("elu", "alpha"),
    operation("nn", "Selu"): _named("selu"),
    operation("nn", "Celu"): _named("celu", "alpha"),
    operation("nn", "Gelu"): _named("gelu", "approximate"),
    operation("nn", "Glu"): _named("glu", "axis"),
    operation("nn", "TanhShrink"): _named("tanh_shrink"),
    operation("nn", "HardTanh"): _named("hard_tanh"),
    operation("nn", "HardShrink"): _named("hard_shrink", "threshold"),
    operation("nn", "Threshold"): _named("threshold", "threshold", "default_value"),
    operation("nn", "Softmax"): _named("softmax", "axis"),
    operation("nn", "LogSoftmax"): _named("log_softmax", "axis"),
    operation("nn", "Sparsemax"): _named("sparsemax", "axis"),
    operation("numpy", "Tanh"): _named("tanh"),
}
