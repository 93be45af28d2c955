"""Real functions of one variable as plain data: what a lookup table holds, and what training differentiates.

An expression is "x", a number, or a list [function, argument, ...], so that it goes into a config as it is:
["multiply", "x", ["sigmoid", "x"]] is silu. Evaluated over an array namespace, in the dtype of x.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.affine import Affine

Expression = Any  # "x" | float | [name, Expression, ...]

_HUGE = 1e30
_ROOT_PI = math.sqrt(math.pi)


def _sigmoid(xp, x):
    return 0.5 * (xp.tanh(0.5 * x) + 1.0)


def _softplus(xp, x):
    return xp.maximum(x, 0.0 * x) + xp.log1p(xp.exp(-xp.abs(x)))


def _floor_divide(xp, a, b):
    return xp.floor(a / b)


def _mod(xp, a, b):
    return a - xp.floor(a / b) * b


def _truth(xp, condition, like):
    """1.0 where the condition holds, else 0.0, in the dtype of `like`."""
    return xp.where(condition, 1.0 + 0.0 * like, 0.0 * like)


def _relation(holds: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda xp, a, b: _truth(xp, holds(a - b), a - b)


def _logical(holds: Callable[[Any], Any]) -> Callable[..., Any]:
    """holds: of the number of operands that are not 0."""
    return lambda xp, *operands: _truth(xp, holds(sum(_truth(xp, a != 0, a) for a in operands)), operands[0])


# name -> function of (xp, arguments)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda xp, a, b: a + b,
    "subtract": lambda xp, a, b: a - b,
    "multiply": lambda xp, a, b: a * b,
    "divide": lambda xp, a, b: a / b,
    "floor_divide": _floor_divide,
    "mod": _mod,
    "maximum": lambda xp, a, b: xp.maximum(a, b),
    "minimum": lambda xp, a, b: xp.minimum(a, b),
    "power": lambda xp, a, b: xp.power(a, b),
    "abs": lambda xp, x: xp.abs(x),
    "negative": lambda xp, x: -x,
    "square": lambda xp, x: x * x,
    "sqrt": lambda xp, x: xp.sqrt(x),
    "rsqrt": lambda xp, x: 1.0 / xp.sqrt(x),
    "cbrt": lambda xp, x: xp.sign(x) * xp.power(xp.abs(x), 1.0 / 3.0 + 0.0 * x),
    "reciprocal": lambda xp, x: 1.0 / x,
    "exp": lambda xp, x: xp.exp(x),
    "expm1": lambda xp, x: xp.expm1(x),
    "log": lambda xp, x: xp.log(x),
    "log1p": lambda xp, x: xp.log1p(x),
    "tanh": lambda xp, x: xp.tanh(x),
    "erf": lambda xp, x: xp.erf(x),
    "sin": lambda xp, x: xp.sin(x),
    "cos": lambda xp, x: xp.cos(x),
    "tan": lambda xp, x: xp.tan(x),
    "arcsin": lambda xp, x: xp.arcsin(x),
    "arccos": lambda xp, x: xp.arccos(x),
    "arctan": lambda xp, x: xp.arctan(x),
    "arcsinh": lambda xp, x: xp.arcsinh(x),
    "arccosh": lambda xp, x: xp.arccosh(x),
    "arctanh": lambda xp, x: xp.arctanh(x),
    "sinh": lambda xp, x: 0.5 * (xp.expm1(x) - xp.expm1(-x)),
    "cosh": lambda xp, x: 0.5 * (xp.exp(x) + xp.exp(-x)),
    "sign": lambda xp, x: xp.sign(x),
    "floor": lambda xp, x: xp.floor(x),
    "ceil": lambda xp, x: -xp.floor(-x),
    "round": lambda xp, x: xp.round(x),
    "trunc": lambda xp, x: xp.trunc(x),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": lambda xp, x: xp.maximum(x, 0.0 * x),
    "leaky_relu": lambda xp, x, slope: xp.where(x > 0, x, slope * x),
    "hard_swish": lambda xp, x: x * xp.clip(x + 3.0, 0.0, 6.0) * (1.0 / 6.0),
    "greater": _relation(lambda difference: difference > 0),
    "greater_equal": _relation(lambda difference: difference >= 0),
    "less": _relation(lambda difference: difference < 0),
    "less_equal": _relation(lambda difference: difference <= 0),
    "equal": _relation(lambda difference: difference == 0),
    "not_equal": _relation(lambda difference: difference != 0),
    "logical_and": _logical(lambda count: count > 1.5),
    "logical_or": _logical(lambda count: count > 0.5),
    "logical_xor": _logical(lambda count: (count - 1.0) * (count - 1.0) < 0.5),
    "logical_not": _logical(lambda count: count < 0.5),
    "where": lambda xp, c, a, b: xp.where(c > 0.5, a + 0.0 * c, b + 0.0 * c),
    "select": lambda xp, a, b, c: xp.where(c > 0.5, a + 0.0 * c, b + 0.0 * c),
}
# Those that give 0 or 1 only.
BOOLEAN = (
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor",
    "logical_not",
)  # fmt: skip


def is_boolean(expression: Expression) -> bool:
    """Whether the function gives 0 or 1 only, by its form."""
    return isinstance(expression, (list, tuple)) and expression[0] in BOOLEAN


def evaluate(xp, expression: Expression, x: Any) -> Any:
    """The value at x (an array), elementwise. Raises TfqError for an unknown function."""
    return _evaluate(xp, expression, x, {})


def _evaluate(xp, expression: Expression, x: Any, known: dict[str, Any]) -> Any:
    """known: values of subexpressions by their text, which comes again after functions have met."""
    if isinstance(expression, str):
        return x
    if not isinstance(expression, (list, tuple)):
        return xp.asarray(expression, np.dtype(getattr(x.dtype, "name", x.dtype)).name)
    text = repr(expression)
    if text not in known:
        name, *arguments = expression
        if name not in FUNCTIONS:
            raise TfqError(f"unknown function {name!r}; known: {', '.join(FUNCTIONS)}")
        known[text] = FUNCTIONS[name](xp, *(_evaluate(xp, argument, x, known) for argument in arguments))
    return known[text]


def size(expression: Expression) -> int:
    """How many functions, numbers and variables it has."""
    return 1 + sum(size(argument) for argument in expression[1:]) if isinstance(expression, (list, tuple)) else 1


def substitute(outer: Expression, inner: Expression) -> Expression:
    """outer(inner(x))."""
    if isinstance(outer, str):
        return inner
    if not isinstance(outer, (list, tuple)):
        return outer
    return [outer[0], *(substitute(argument, inner) for argument in outer[1:])]


def affine_coefficients(expression: Expression) -> tuple[float, float] | None:
    """(a, b) if the expression is a * x + b by its form, else None."""
    if isinstance(expression, str):
        return 1.0, 0.0
    if not isinstance(expression, (list, tuple)):
        return 0.0, float(expression)
    name, *arguments = expression
    parts = [found for argument in arguments if (found := affine_coefficients(argument)) is not None]
    if len(parts) < len(arguments):
        return None
    (a, b), (c, d) = (parts + [(0.0, 0.0)])[:2]
    if name in ("add", "subtract"):
        sign = 1.0 if name == "add" else -1.0
        return a + sign * c, b + sign * d
    if name == "negative":
        return -a, -b
    if name == "multiply" and (a == 0 or c == 0):
        return a * d + c * b, b * d
    if name == "divide" and c == 0 and d != 0:
        return a / d, b / d
    return None


# Where two functions are compared: densely around 0, and far out.
_NEAR = np.linspace(-10, 10, 1601)
_FAR = np.logspace(1, 30, 59)
_POINTS = np.concatenate([-_FAR[::-1], _NEAR, _FAR])


def same_function(xp, a: Expression, b: Expression) -> bool:
    """Whether two expressions are one function, however written. xp: the NumPy namespace."""
    with np.errstate(all="ignore"):
        left, right = (evaluate(xp, expression, _POINTS) + 0.0 * _POINTS for expression in (a, b))
        return bool(np.all(np.abs(left - right) <= 1e-9 * (1 + np.abs(right))))


def table(xp, expression: Expression, inp: Affine, out: Affine) -> Any:
    """The stored output for each code of the input from qmin to qmax: whole numbers, float32.

    Computed in float64, so that libraries which differ in the last bit round alike; halves to even; a value that is
    not a number is stored as real 0, infinities saturate.
    """
    codes = xp.cast(xp.arange(inp.qmin, inp.qmax + 1), "float64")
    x = (codes - xp.cast(inp.zero_point, "float64")) * xp.cast(inp.scale, "float64")
    y = evaluate(xp, expression, x) + 0.0 * x
    y = xp.clip(xp.where(y == y, y, 0.0 * x), -_HUGE, _HUGE)
    scale = xp.maximum(xp.cast(out.scale, "float64"), y * 0.0)
    q = xp.round(y / scale) + xp.cast(out.zero_point, "float64")
    return xp.cast(xp.clip(q, out.qmin, out.qmax), "float32")
