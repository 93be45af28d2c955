"""Expressions against Python's own functions, element by element."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.errors import TfqError
from tfq.numerics import arrays, curves
from tfq.numerics.affine import Affine
from tfq.numerics.expression import (
    FUNCTIONS,
    affine_coefficients,
    evaluate,
    is_boolean,
    same_function,
    size,
    substitute,
    table,
)


def truth(holds):
    return lambda *args: float(holds(*args))


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


ONE = {
    "abs": abs,
    "negative": lambda x: -x,
    "square": lambda x: x * x,
    "cbrt": lambda x: math.copysign(abs(x) ** (1 / 3), x),
    "exp": math.exp,
    "expm1": math.expm1,
    "tanh": math.tanh,
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arctan": math.atan,
    "arcsinh": math.asinh,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "sign": lambda x: (x > 0) - (x < 0),
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "trunc": math.trunc,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "softplus": softplus,
    "relu": lambda x: max(x, 0.0),
    "hard_swish": lambda x: x * min(max(x + 3, 0), 6) / 6,
    "logical_not": truth(lambda x: x == 0),
}
POSITIVE = {
    "sqrt": math.sqrt,
    "rsqrt": lambda x: 1 / math.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "log": math.log,
    "log1p": math.log1p,
    "arccosh": lambda x: math.acosh(x) if x >= 1 else math.nan,
}
INSIDE = {"arcsin": math.asin, "arccos": math.acos, "arctanh": lambda x: math.atanh(x) if abs(x) < 1 else math.nan}
TWO = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floor_divide": lambda a, b: math.floor(a / b),
    "mod": lambda a, b: a - math.floor(a / b) * b,
    "maximum": max,
    "minimum": min,
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "greater": truth(lambda a, b: a > b),
    "greater_equal": truth(lambda a, b: a >= b),
    "less": truth(lambda a, b: a < b),
    "less_equal": truth(lambda a, b: a <= b),
    "equal": truth(lambda a, b: a == b),
    "not_equal": truth(lambda a, b: a != b),
    "logical_and": truth(lambda a, b: bool(a) and bool(b)),
    "logical_or": truth(lambda a, b: bool(a) or bool(b)),
    "logical_xor": truth(lambda a, b: bool(a) != bool(b)),
}
X = np.array([-3.0, -1.5, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 1.5, 2.5, 3.0])
UNARY = [(name, f, X) for name, f in ONE.items()]
UNARY += [(name, f, X[X > 0]) for name, f in POSITIVE.items()]
UNARY += [(name, f, X[np.abs(X) <= 1]) for name, f in INSIDE.items()]


@pytest.mark.parametrize(("name", "function", "x"), UNARY, ids=[row[0] for row in UNARY])
def test_functions_of_one(name, function, x):
    with np.errstate(all="ignore"):
        found = evaluate(arrays, [name, "x"], x)
    expected = np.array([function(value) for value in x.tolist()], np.float64)
    keep = np.isfinite(expected)
    np.testing.assert_allclose(found[keep], expected[keep], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("b", [-1.5, 0.5, 2.0])
def test_functions_of_two(name, b):
    expected = [TWO[name](value, b) for value in X.tolist()]
    np.testing.assert_allclose(evaluate(arrays, [name, "x", b], X), expected, rtol=1e-15)


def test_every_function_is_tested():
    of_three = {"where", "select"}
    assert set(FUNCTIONS) == {name for name, _, _ in UNARY} | set(TWO) | of_three | {"power"}
    np.testing.assert_array_equal(
        evaluate(arrays, ["where", ["greater", "x", 0.0], "x", -9.0], X), np.where(X > 0, X, -9)
    )
    np.testing.assert_array_equal(
        evaluate(arrays, ["select", "x", -9.0, ["greater", "x", 0.0]], X), np.where(X > 0, X, -9)
    )
    np.testing.assert_array_equal(evaluate(arrays, ["power", ["abs", "x"], 1.5], X), np.abs(X) ** 1.5)


def test_an_unknown_function_is_named():
    with pytest.raises(TfqError, match="unknown function 'gamma'"):
        evaluate(arrays, ["gamma", "x"], X)


AFFINE = (
    (["add", ["multiply", 2.0, "x"], 3.0], (2.0, 3.0)),
    (["subtract", 1.0, ["divide", "x", 4.0]], (-0.25, 1.0)),
    (["negative", ["subtract", "x", 5.0]], (-1.0, 5.0)),
    (["add", ["multiply", "x", 0.0], 7.0], (0.0, 7.0)),
    (["multiply", "x", "x"], None),
    (["divide", 1.0, "x"], None),
    (["sqrt", "x"], None),
)


@pytest.mark.parametrize(("expression", "expected"), AFFINE)
def test_affine_coefficients(expression, expected):
    assert affine_coefficients(expression) == expected


@given(st.floats(-4, 4), st.floats(-4, 4))
def test_substitution_is_composition(x, c):
    inner, outer = ["add", "x", c], ["multiply", "x", ["tanh", "x"]]
    at = np.array([x])
    np.testing.assert_array_equal(
        evaluate(arrays, substitute(outer, inner), at), evaluate(arrays, outer, evaluate(arrays, inner, at))
    )


def test_size_and_kind():
    assert size("x") == size(2.0) == 1
    assert size(["add", "x", ["sqrt", 2.0]]) == 4
    assert is_boolean(["greater", "x", 0.0])
    assert not is_boolean(["add", ["greater", "x", 0.0], 1.0])


SAME = (
    (["minimum", ["maximum", "x", 0.0], 6.0], ["minimum", ["relu", "x"], 6.0], True),
    (["multiply", "x", ["multiply", 1 / 6, ["minimum", ["relu", ["add", "x", 3.0]], 6.0]]], ["hard_swish", "x"], True),
    (["divide", 1.0, ["add", 1.0, ["exp", ["negative", "x"]]]], ["sigmoid", "x"], True),
    (["maximum", "x", 0.01], ["relu", "x"], False),
    (["minimum", ["relu", "x"], 1e6], ["relu", "x"], False),
    (curves.gelu(True), curves.gelu(False), False),
)


@pytest.mark.parametrize(("a", "b", "expected"), SAME)
def test_same_function(a, b, expected):
    assert same_function(arrays, a, b) == expected


def test_tables_round_half_to_even_and_saturate():
    inp, out = Affine(np.float32(0.5), np.float32(0)), Affine(np.float32(1), np.float32(-100))
    found = table(arrays, "x", inp, out)
    assert found.dtype == np.float32
    assert found.tolist() == [min(max(round(0.5 * q) - 100, -128), 127) for q in range(-128, 128)]


def test_a_table_has_no_nan_and_no_infinity():
    inp = out = Affine(np.float32(1), np.float32(3))
    with np.errstate(all="ignore"):
        logarithm, inverse = table(arrays, ["log", "x"], inp, out), table(arrays, ["reciprocal", "x"], inp, out)
    assert set(logarithm[:131].tolist()) == {3.0}  # of negative numbers: real 0
    assert logarithm[131] == -128
    assert inverse[131] == 127
