"""Merge layers and operators: sums, products, comparisons, functions of one element."""

from __future__ import annotations

from functools import reduce
from typing import Any

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor, tensors


def _merge(kind: str) -> Rule:
    return lambda net, call: reduce(lambda a, b: net.binary(kind, a, b), tensors(call))


def _product(net: Net, call: Call) -> Value:
    return reduce(net.multiply, tensors(call))


def _average(net: Net, call: Call) -> Value:
    values = tensors(call)
    return net.table(["multiply", "x", 1.0 / len(values)], reduce(net.add, values))


def _operands(call: Call) -> tuple[Any, Any]:
    named = {**dict(zip(("x1", "x2"), call.args, strict=False)), **call.kwargs}
    return named["x1"], named["x2"]


def _operator(kind: str) -> Rule:
    return lambda net, call: net.binary(kind, *_operands(call))


def _multiply(net: Net, call: Call) -> Value:
    return net.multiply(*_operands(call))


def _divide(net: Net, call: Call) -> Value:
    a, b = _operands(call)
    if not isinstance(b, Value):
        return net.multiply(a, 1.0 / keras.ops.convert_to_numpy(b))
    return net.multiply(a, net.table(["reciprocal", "x"], b))


def _power(net: Net, call: Call) -> Value:
    x, exponent = _operands(call)
    if isinstance(exponent, Value):
        raise net.refuse("the exponent is a tensor", "use a constant exponent")
    return net.table(["power", "x", float(exponent)], x)


def _unary(name: str) -> Rule:
    return lambda net, call: net.table([name, "x"], tensor(call), name)


_UNARY = {
    "Abs": "abs", "Absolute": "abs", "Negative": "negative", "Square": "square", "Sqrt": "sqrt", "Exp": "exp",
    "Expm1": "expm1", "Log": "log", "Log1p": "log1p", "Sin": "sin", "Cos": "cos", "Sign": "sign", "Floor": "floor",
    "Ceil": "ceil", "Reciprocal": "reciprocal",
}  # fmt: skip
_L = keras.layers
RULES: dict[type, Rule] = {
    _L.Add: _merge("add"),
    _L.Subtract: _merge("subtract"),
    _L.Multiply: _product,
    _L.Average: _average,
    _L.Maximum: _merge("maximum"),
    _L.Minimum: _merge("minimum"),
    operation("numpy", "Add"): _operator("add"),
    operation("numpy", "Subtract"): _operator("subtract"),
    operation("numpy", "Multiply"): _multiply,
    operation("numpy", "Divide"): _divide,
    operation("numpy", "TrueDivide"): _divide,
    operation("numpy", "Maximum"): _operator("maximum"),
    operation("numpy", "Minimum"): _operator("minimum"),
    operation("numpy", "Power"): _power,
    operation("math", "Rsqrt"): _unary("rsqrt"),
    operation("math", "Erf"): _unary("erf"),
    **{operation("numpy", name): _unary(function) for name, function in _UNARY.items()},
}
