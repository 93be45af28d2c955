"""Merge layers and operators: sums, products, functions of one element."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import keras
import numpy as np

from tfq.numerics import curves
from tfq.numerics.expression import Expression
from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor, tensors


def operands(call: Call, *names: str) -> list[Any]:
    """The operation's operands, given in order or by name."""
    named = {**dict(zip(names, call.args, strict=False)), **call.kwargs}
    return [named[name] for name in names]


def number(net: Net, value: Any, what: str) -> float:
    """One number. Raises Unsupported for a tensor, and for arrays of several."""
    if isinstance(value, Value) or np.size(keras.ops.convert_to_numpy(value)) != 1:
        raise net.refuse(f"{what} is a tensor", "use one number")
    return float(np.reshape(keras.ops.convert_to_numpy(value), ()))


def require_float(net: Net, *values: Any) -> None:
    """Raises Unsupported for an integer input of the model, which lies on no grid."""
    if any(isinstance(x, Value) and x.producer is None and x.dtype.startswith(("int", "uint")) for x in values):
        raise net.refuse("arithmetic on an integer input", "make the input float32")


def _merge(kind: str) -> Rule:
    return lambda net, call: reduce(lambda a, b: binary(net, kind, a, b), tensors(call))


def _product(net: Net, call: Call) -> Value:
    return reduce(net.multiply, tensors(call))


def _average(net: Net, call: Call) -> Value:
    values = tensors(call)
    if len(values) == 2:
        return net.table(["multiply", "x", 0.5], net.add(*values))
    return net.table(["multiply", "x", 1.0 / len(values)], reduce(net.add, values))


def binary(net: Net, kind: str, a: Any, b: Any) -> Value:
    """ "add", "subtract", "multiply", "maximum" or "minimum" of tensors, numbers, arrays and variables."""
    require_float(net, a, b)
    if kind == "multiply" and a is b:
        return net.multiply(a, b)
    if kind in ("maximum", "minimum") and not (isinstance(a, Value) and isinstance(b, Value)):
        x, constant = (a, b) if isinstance(a, Value) else (b, a)
        if np.size(keras.ops.convert_to_numpy(constant)) > 1:
            return _beyond(net, kind, x, constant)
    return net.binary(kind, a, b)


def _beyond(net: Net, kind: str, x: Value, constant: Any) -> Value:
    """max(x, c) = relu(x - c) + c, min(x, c) = c - relu(c - x), of a constant tensor."""
    if kind == "maximum":
        return net.add(net.activation(net.subtract(x, constant), "relu"), constant)
    return net.subtract(constant, net.activation(net.subtract(constant, x), "relu"))


def _operator(kind: str) -> Rule:
    return lambda net, call: binary(net, kind, *operands(call, "x1", "x2"))


def _divide(net: Net, call: Call) -> Value:
    a, b = operands(call, "x1", "x2")
    require_float(net, a, b)
    if not isinstance(b, Value):
        return net.multiply(a, 1.0 / np.asarray(keras.ops.convert_to_numpy(b), np.float64))
    if not isinstance(a, Value) and np.size(keras.ops.convert_to_numpy(a)) == 1:
        return net.table(["divide", number(net, a, "the first operand"), "x"], b)
    return net.multiply(a, net.table(["reciprocal", "x"], b))


def _divide_no_nan(net: Net, call: Call) -> Value:
    a, b = operands(call, "x1", "x2")
    require_float(net, a, b)
    if not isinstance(b, Value):
        divisor = np.asarray(keras.ops.convert_to_numpy(b), np.float64)
        return net.multiply(a, np.where(divisor == 0, 0.0, 1.0 / np.where(divisor == 0, 1.0, divisor)))
    nonzero: Expression = ["not_equal", "x", 0.0]
    return net.multiply(a, net.table(["where", nonzero, ["reciprocal", ["where", nonzero, "x", 1.0]], 0.0], b))


def _with_number(kind: str) -> Rule:
    """A function of one tensor and one number, on either side."""

    def rule(net: Net, call: Call) -> Value:
        a, b = operands(call, "x1", "x2")
        require_float(net, a, b)
        if isinstance(a, Value):
            return net.table([kind, "x", number(net, b, "the second operand")], a)
        return net.table([kind, number(net, a, "the first operand"), "x"], b)

    return rule


def _power(net: Net, call: Call) -> Value:
    base, exponent = operands(call, "x1", "x2")
    require_float(net, base, exponent)
    if not isinstance(base, Value):
        log = math.log(positive) if (positive := number(net, base, "the base")) > 0 else math.nan
        return net.table(["exp", ["multiply", log, "x"]], exponent)
    power = number(net, exponent, "the exponent")
    if power == int(power) and 1 <= power <= 8:  # exact below 0, where the general power has no gradient
        product: Any = "x"
        for _ in range(int(power) - 1):
            product = ["multiply", product, "x"]
        return net.table(product, base)
    return net.table(["power", "x", power], base)


def _clip(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    require_float(net, x)
    lo, hi = getattr(layer, "x_min", None), getattr(layer, "x_max", None)
    if all(end is None or np.size(end) == 1 for end in (lo, hi)):
        return net.table(curves.clip("x", lo, hi), x)
    x = x if lo is None else binary(net, "maximum", x, lo)
    return x if hi is None else binary(net, "minimum", x, hi)


def _round(net: Net, call: Call) -> Value:
    ten = 10.0 ** getattr(call.layer, "decimals", 0)
    x = tensor(call)
    require_float(net, x)
    expression: Expression = ["round", "x"] if ten == 1 else ["divide", ["round", ["multiply", "x", ten]], ten]
    return net.table(expression, x, "round")


def _function(expression: Expression) -> Rule:
    def rule(net: Net, call: Call) -> Value:
        require_float(net, tensor(call))
        return net.table(expression, tensor(call))

    return rule


def _identity(net: Net, call: Call) -> Value:
    return net.identity(tensor(call))


def _cast(net: Net, call: Call) -> Value:
    x, dtype = tensor(call), keras.backend.standardize_dtype(call.layer.dtype)
    require_float(net, x)
    if dtype == x.dtype or dtype.startswith(("float", "bfloat")) or x.dtype == "bool":
        return net.identity(x)
    return net.table(["not_equal", "x", 0.0] if dtype == "bool" else ["trunc", "x"], x)


def _filled(net: Net, call: Call) -> Value:
    """zeros_like, ones_like, full_like."""
    fill = {"ZerosLike": 0.0, "OnesLike": 1.0}.get(type(call.layer).__name__)
    if fill is None:
        fill = number(net, operands(call, "x", "fill_value")[1], "the fill value")
    return net.table(["add", ["multiply", "x", 0.0], fill], tensor(call))


def _names(*names: str) -> dict[str, Expression]:
    return {name: [name.lower(), "x"] for name in names}


# keras.ops name -> function.
_NUMPY: dict[str, Expression] = {
    **_names("Abs", "Negative", "Square", "Sqrt", "Cbrt", "Reciprocal", "Exp", "Expm1", "Log", "Log1p", "Sign"),
    **_names("Sin", "Cos", "Tan", "Arcsin", "Arccos", "Arctan", "Sinh", "Cosh", "Arcsinh", "Arccosh", "Arctanh"),
    **_names("Floor", "Ceil", "Trunc"),
    "Absolute": ["abs", "x"],
    "Fabs": ["abs", "x"],
    "Exp2": ["exp", ["multiply", "x", math.log(2)]],
    "Log2": ["divide", ["log", "x"], math.log(2)],
    "Log10": ["divide", ["log", "x"], math.log(10)],
    "Deg2rad": ["multiply", "x", math.pi / 180],
    "Rad2deg": ["multiply", "x", 180 / math.pi],
}
_MATH: dict[str, Expression] = {
    "Rsqrt": ["rsqrt", "x"],
    "Erf": ["erf", "x"],
    "Erfc": ["subtract", 1.0, ["erf", "x"]],
}
_BINARY: dict[str, Callable[[Net, Call], Any]] = {
    "Add": _operator("add"),
    "Subtract": _operator("subtract"),
    "Multiply": _operator("multiply"),
    "Maximum": _operator("maximum"),
    "Minimum": _operator("minimum"),
    "Fmax": _operator("maximum"),
    "Fmin": _operator("minimum"),
    "Divide": _divide,
    "TrueDivide": _divide,
    "DivideNoNan": _divide_no_nan,
    "FloorDivide": _with_number("floor_divide"),
    "Mod": _with_number("mod"),
    "Power": _power,
}
_L = keras.layers
RULES: dict[type, Rule] = {
    _L.Add: _merge("add"),
    _L.Subtract: _merge("subtract"),
    _L.Multiply: _product,
    _L.Average: _average,
    _L.Maximum: _merge("maximum"),
    _L.Minimum: _merge("minimum"),
    **{operation("numpy", name): rule for name, rule in _BINARY.items()},
    **{operation("numpy", name): _function(expression) for name, expression in _NUMPY.items()},
    **{operation("math", name): _function(expression) for name, expression in _MATH.items()},
    operation("numpy", "Clip"): _clip,
    operation("numpy", "Round"): _round,
    operation("numpy", "Copy"): _identity,
    operation("core", "Cast"): _cast,
    operation("core", "SaturateCast"): _cast,
    operation("numpy", "ZerosLike"): _filled,
    operation("numpy", "OnesLike"): _filled,
    operation("numpy", "FullLike"): _filled,
}
