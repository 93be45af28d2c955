"""1 / sqrt(v) against Python integers, one number at a time, and against the real function."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfq.numerics import arrays
from tfq.numerics.inverse_sqrt import inverse_sqrt


def high_mul(a, b):
    return min(2**31 - 1, (a * b + 2**30) >> 31)


def saturate(x):
    return max(-(2**31), min(2**31 - 1, x))


def reference(v):
    """LiteRT's GetInvSqrtQuantizedMultiplierExp, line by line."""
    if v <= 1:
        return 2**31 - 1, 0
    right = 11
    while v >= 2**29:
        v, right = v // 4, right + 1
    pairs = (32 - v.bit_length() - 1) // 2 - 1
    right, v = right - pairs, v << 2 * pairs
    half, x = ((v >> 1) + 1) >> 1, 2**28
    for _ in range(5):
        cube = saturate(high_mul(high_mul(x, x), x) << 6)
        x = saturate((high_mul(402653184, x) - high_mul(half, cube)) << 3)
    x = high_mul(x, 1518500250)
    return (x << -right, 0) if right < 0 else (x, -right)


@given(st.one_of(st.integers(0, 70000), st.integers(0, 2**31 - 1)))
def test_one_by_one(v):
    multiplier, shift = inverse_sqrt(arrays, np.asarray([v]))
    assert (int(multiplier[0]), int(shift[0])) == reference(v)


def test_close_to_the_function():
    v = np.arange(2, 100_000)
    multiplier, shift = inverse_sqrt(arrays, v)
    assert np.abs(multiplier * 2.0 ** (shift - 31) * np.sqrt(v) - 1).max() < 2e-6
