"""Each fixed-point function against the same arithmetic in plain Python integers, and against the real function."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.numerics import arrays, gemmlowp

getcontext().prec = 40
TOP = 2**31 - 1


def high_mul(a: int, b: int) -> int:
    return min((a * b + 2**30) >> 31, TOP)


def divide_by_pot(x: int, exponent: int) -> int:
    """Halves away from zero."""
    half = 2 ** (exponent - 1) if exponent else 0
    return (x + half) // 2**exponent if x >= 0 else -((-x + half) // 2**exponent)


def saturate(x: int) -> int:
    return max(-(2**31), min(TOP, x))


def exp_on_negative_values(a: int, integer_bits: int) -> int:
    """As in fixedpoint.h, one value at a time."""
    if a == 0:
        return TOP
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    low = (a & (quarter - 1)) - quarter
    x = saturate(low << integer_bits) + (1 << 28)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    tail = divide_by_pot(high_mul(divide_by_pot(x4, 2) + x3, 715827883) + x2, 1)
    result = 1895147668 + high_mul(1895147668, x + tail)
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
    for power, factor in zip(range(-2, 5), factors, strict=True):
        if power < integer_bits and (low - a) & (1 << (fraction_bits + power)):
            result = high_mul(result, factor)
    return result


def newton(a: int) -> int:
    half = (a + 2**31) // 2
    x = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        x += saturate(high_mul(x, 2**29 - high_mul(half, x)) * 4)
    return x


def one_over_one_plus_x(a: int) -> int:
    return saturate(newton(a) * 2)


def logistic(a: int, integer_bits: int) -> int:
    positive = one_over_one_plus_x(exp_on_negative_values(-abs(a), integer_bits))
    return 2**30 if a == 0 else positive if a > 0 else TOP - positive


def tanh(a: int, integer_bits: int) -> int:
    e = exp_on_negative_values(-abs(a), integer_bits + 1)
    return int(math.copysign(saturate((newton(e) - 2**29) * 4), a)) if a else 0


def of(function, *values) -> list[int]:
    return np.asarray(function(arrays, *values)).tolist()


raws = st.lists(st.integers(0, TOP) | st.integers(0, 40).map(lambda k: min(2**k, TOP)), min_size=1, max_size=30)


@given(raws, st.integers(1, 5))
def test_exp_on_negative_values(values, integer_bits):
    a = -np.array(values, np.int64)
    want = [exp_on_negative_values(int(v), integer_bits) for v in a]
    assert of(gemmlowp.exp_on_negative_values, a, integer_bits) == want


@given(raws)
def test_one_over_one_plus_x(values):
    assert of(gemmlowp.one_over_one_plus_x, np.array(values, np.int64)) == [one_over_one_plus_x(v) for v in values]


@given(raws, st.booleans())
def test_logistic_and_tanh(values, negate):
    a = np.array(values, np.int64) * (-1 if negate else 1)
    assert of(gemmlowp.logistic, a, 4) == [logistic(int(v), 4) for v in a]
    assert of(gemmlowp.tanh, a, 4) == [tanh(int(v), 4) for v in a]


@given(st.lists(st.integers(1, TOP), min_size=1, max_size=30))
def test_reciprocal(values):
    raw, bits = gemmlowp.reciprocal(arrays, np.array(values, np.int64), 12)
    for value, r, b in zip(values, raw.tolist(), bits.tolist(), strict=True):
        zeros = 32 - value.bit_length()
        assert (r, b) == (one_over_one_plus_x((value << zeros) - 2**31), 12 - zeros)
        exact = Decimal(2) ** (19 + b + 31) / Decimal(value)
        assert abs(r - exact) < 40


@pytest.mark.parametrize("value", (0, 1, 2, 3, 2**30 - 1, 2**30, TOP, 2**31, 2**32 - 1))
def test_count_leading_zeros(value):
    assert of(gemmlowp.count_leading_zeros, np.array([value], np.int64)) == [32 - value.bit_length()]


@pytest.mark.parametrize("integer_bits", (1, 2, 3, 4, 5))
def test_exp_is_near_the_exponential(integer_bits):
    a = -np.linspace(0, TOP, 257).astype(np.int64)
    raw = gemmlowp.exp_on_negative_values(arrays, a, integer_bits)
    exact = [(Decimal(int(v)) / 2 ** (31 - integer_bits)).exp() * 2**31 for v in a]
    # 31 bits come out, the polynomial holds about 21 of them
    assert max(abs(int(r) - e) for r, e in zip(raw, exact, strict=True)) < 2**10


@pytest.mark.parametrize(
    ("function", "real"), ((gemmlowp.logistic, lambda x: 1 / (1 + math.exp(-x))), (gemmlowp.tanh, math.tanh))
)
def test_sigmoids_are_near_the_real_ones(function, real):
    a = np.linspace(-TOP, TOP, 513).astype(np.int64)
    exact = np.array([real(v / 2**27) * 2**31 for v in a.tolist()])
    assert np.abs(function(arrays, a, 4) - exact).max() < 2**11
