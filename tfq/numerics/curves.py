"""Keras's activation functions of one element, as expressions; names and arguments as in keras.activations.

Source: keras-team/keras keras/src/activations/activations.py, keras/src/backend/tensorflow/nn.py.
"""

from __future__ import annotations

import math

from tfq.numerics.expression import Expression

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717
_BELOW: Expression = ["minimum", "x", 0.0]


def relu(negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Expression:
    """x from the threshold on, up to max_value; below, negative_slope * (x - threshold)."""
    above: Expression = "x" if max_value is None else ["minimum", "x", float(max_value)]
    if negative_slope == 0 and threshold == 0:
        return ["maximum", above, 0.0]
    if max_value is None and threshold == 0:
        return leaky_relu(negative_slope)
    below = ["multiply", float(negative_slope), ["subtract", "x", float(threshold)]]
    return ["where", ["greater_equal", "x", float(threshold)], above, below]


def leaky_relu(negative_slope: float = 0.2) -> Expression:
    """x, or negative_slope * x below 0."""
    return ["leaky_relu", "x", float(negative_slope)]


def elu(alpha: float = 1.0) -> Expression:
    """x, or alpha * (exp(x) - 1) below 0."""
    return ["add", ["relu", "x"], ["multiply", float(alpha), ["expm1", _BELOW]]]


def celu(alpha: float = 1.0) -> Expression:
    """x, or alpha * (exp(x / alpha) - 1) below 0."""
    return ["add", ["relu", "x"], ["multiply", float(alpha), ["expm1", ["divide", _BELOW, float(alpha)]]]]


def selu() -> Expression:
    """elu(1.673) * 1.051."""
    return ["multiply", _SELU_SCALE, elu(_SELU_ALPHA)]


def gelu(approximate: bool = False) -> Expression:
    """x times the normal distribution's function of x; approximate: its tanh form."""
    if approximate:
        inner = ["add", "x", ["multiply", 0.044715, ["multiply", "x", ["square", "x"]]]]
        gate = ["tanh", ["multiply", math.sqrt(2 / math.pi), inner]]
    else:
        gate = ["erf", ["multiply", "x", math.sqrt(0.5)]]
    return ["multiply", ["multiply", 0.5, "x"], ["add", 1.0, gate]]


def silu() -> Expression:
    """x * sigmoid(x)."""
    return ["multiply", "x", ["sigmoid", "x"]]


def mish() -> Expression:
    """x * tanh(softplus(x))."""
    return ["multiply", "x", ["tanh", ["softplus", "x"]]]


def hard_sigmoid() -> Expression:
    """x / 6 + 1 / 2 within 0 and 1."""
    return ["divide", clip(["add", "x", 3.0], 0.0, 6.0), 6.0]


def hard_silu() -> Expression:
    """x * hard_sigmoid(x)."""
    return ["hard_swish", "x"]


def hard_tanh() -> Expression:
    """x within -1 and 1."""
    return clip("x", -1.0, 1.0)


def log_sigmoid() -> Expression:
    """-softplus(-x)."""
    return ["negative", ["softplus", ["negative", "x"]]]


def softsign() -> Expression:
    """x / (1 + |x|)."""
    return ["divide", "x", ["add", 1.0, ["abs", "x"]]]


def squareplus(b: float = 4.0) -> Expression:
    """(x + sqrt(x * x + b)) / 2."""
    return ["multiply", 0.5, ["add", "x", ["sqrt", ["add", ["square", "x"], float(b)]]]]


def sparse_plus() -> Expression:
    """0 up to -1, x from 1 on, (x + 1)**2 / 4 between."""
    middle = ["multiply", 0.25, ["square", ["add", "x", 1.0]]]
    return ["where", ["less_equal", "x", -1.0], 0.0, ["where", ["less", "x", 1.0], middle, "x"]]


def sparse_sigmoid() -> Expression:
    """(x + 1) / 2 within 0 and 1."""
    return clip(["multiply", 0.5, ["add", "x", 1.0]], 0.0, 1.0)


def hard_shrink(threshold: float = 0.5) -> Expression:
    """x where |x| is above the threshold, else 0."""
    return ["where", ["greater", ["abs", "x"], float(threshold)], "x", 0.0]


def soft_shrink(threshold: float = 0.5) -> Expression:
    """x brought towards 0 by the threshold, 0 within it."""
    t = float(threshold)
    below = ["where", ["less", "x", -t], ["add", "x", t], 0.0]
    return ["where", ["greater", "x", t], ["subtract", "x", t], below]


def tanh_shrink() -> Expression:
    """x - tanh(x)."""
    return ["subtract", "x", ["tanh", "x"]]


def threshold(threshold: float, default_value: float) -> Expression:
    """x above the threshold, else default_value."""
    return ["where", ["greater", "x", float(threshold)], "x", float(default_value)]


def clip(x: Expression, lo: float | None, hi: float | None) -> Expression:
    """x within lo and hi; None: no end."""
    x = x if lo is None else ["maximum", x, float(lo)]
    return x if hi is None else ["minimum", x, float(hi)]
