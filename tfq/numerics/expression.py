"""Real functions of one variable as plain data: what a lookup table holds, and what training differentiates.

An expression is "x", a number, or a list [function, argument, ...], so that it goes into a config as it is:
["multiply", "x", ["sigmoid", "x"]] is silu. Evaluated over an array namespace, in the dtype of x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.affine import Affine

Expression = Any  # "x" | float | [name, Expression, ...]

_HUGE = 1e30


def _sigmoid(xp, x):
    return 0.5 * (xp.tanh(0.5 * x) + 1.0)


def _softplus(xp, x):
    return xp.maximum(x, 0.0 * x) + xp.log1p(xp.exp(-xp.abs(x)))


# name -> function of (xp, arguments)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda xp, a, b: a + b,
    "subtract": lambda xp, a, b: a - b,
    "multiply": lambda xp, a, b: a * b,
    "divide": lambda xp, a, b: a / b,
    "maximum": lambda xp, a, b: xp.maximum(a, b),
    "minimum": lambda xp, a, b: xp.minimum(a, b),
    "power": lambda xp, a, b: xp.power(a, b),
    "abs": lambda xp, x: xp.abs(x),
    "negative": lambda xp, x: -x,
    "square": lambda xp, x: x * x,
    "sqrt": lambda xp, x: xp.sqrt(x),
    "rsqrt": lambda xp, x: 1.0 / xp.sqrt(x),
    "reciprocal": lambda xp, x: 1.0 / x,
    "exp": lambda xp, x: xp.exp(x),
    "expm1": lambda xp, x: xp.expm1(x),
    "log": lambda xp, x: xp.log(x),
    "log1p": lambda xp, x: xp.log1p(x),
    "tanh": lambda xp, x: xp.tanh(x),
    "erf": lambda xp, x: xp.erf(x),
    "sin": lambda xp, x: xp.sin(x),
    "cos": lambda xp, x: xp.cos(x),
    "sign": lambda xp, x: xp.sign(x),
    "floor": lambda xp, x: xp.floor(x),
    "ceil": lambda xp, x: -xp.floor(-x),
    "round": lambda xp, x: xp.round(x),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": lambda xp, x: xp.maximum(x, 0.0 * x),
    "greater": lambda xp, a, b: xp.where(a - b > 0, 1.0 + 0.0 * (a - b), 0.0 * (a - b)),
    "greater_equal": lambda xp, a, b: xp.where(a - b >= 0, 1.0 + 0.0 * (a - b), 0.0 * (a - b)),
    "less": lambda xp, a, b: xp.where(a - b < 0, 1.0 + 0.0 * (a - b), 0.0 * (a - b)),
    "less_equal": lambda xp, a, b: xp.where(a - b <= 0, 1.0 + 0.0 * (a - b), 0.0 * (a - b)),
    "equal": lambda xp, a, b: xp.where(a - b == 0, 1.0 + 0.0 * (a - b), 0.0 * (a - b)),
    "not_equal": lambda xp, a, b: xp.where(a - b != 0, 1.0 + 0.0 * (a - b), 0.0 * (a - b)),
    "where": lambda xp, c, a, b: xp.where(c > 0.5, a + 0.0 * c, b + 0.0 * c),
}


def evaluate(xp, expression: Expression, x: Any) -> Any:
    """The value at x (an array), elementwise. Raises TfqError for an unknown function."""
    if isinstance(expression, str):
        return x
    if not isinstance(expression, (list, tuple)):
        return xp.asarray(expression, np.dtype(getattr(x.dtype, "name", x.dtype)).name)
    name, *arguments = expression
    if name not in FUNCTIONS:
        raise TfqError(f"unknown function {name!r}; known: {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name](xp, *(evaluate(xp, argument, x) for argument in arguments))


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
