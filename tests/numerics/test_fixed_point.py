"""Each rounding rule against plain Python integers and fractions, written as the C sources write it."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tfq.numerics import arrays, fixed_point

MIN32, MAX32 = -(2**31), 2**31 - 1
INT32 = st.one_of(
    st.integers(MIN32, MAX32),
    st.integers(-(2**12), 2**12),
    st.builds(lambda sign, power, beside: max(MIN32, min(MAX32, sign * 2**power + beside)), *(
        st.sampled_from((-1, 1)), st.integers(0, 31), st.integers(-2, 2)
    )),
)  # fmt: skip
MULTIPLIER = st.one_of(st.integers(2**30, MAX32), st.sampled_from((2**30, 2**30 + 1, MAX32, 0x7FFF0000, 0x7FFEFFFF)))


def toward_zero(a: int, b: int) -> int:
    """C's integer division, b > 0."""
    return a // b if a >= 0 else -(-a // b)


def wrap(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


def high_mul(a: int, b: int) -> int:
    """gemmlowp SaturatingRoundingDoublingHighMul."""
    if a == b == MIN32:
        return MAX32
    product = a * b
    return toward_zero(product + (2**30 if product >= 0 else 1 - 2**30), 2**31)


def divide_by_pot(x: int, exponent: int) -> int:
    """gemmlowp RoundingDivideByPOT."""
    mask = 2**exponent - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def by_quantized_multiplier(x: int, multiplier: int, shift: int) -> int:
    """LiteRT MultiplyByQuantizedMultiplier, double rounding."""
    left, right = max(shift, 0), max(-shift, 0)
    return divide_by_pot(high_mul(wrap(x * 2**left), multiplier), right)


def away(x: Fraction) -> int:
    """std::round."""
    return math.floor(x + Fraction(1, 2)) if x >= 0 else -math.floor(-x + Fraction(1, 2))


def one(value: int) -> np.ndarray:
    return np.asarray([value], np.int64)


@given(INT32, INT32)
@example(MIN32, MIN32)
@example(MIN32, MAX32)
@example(-(2**30), 1)
@example(2**30, -1)
def test_high_mul(a, b):
    assert fixed_point.saturating_rounding_doubling_high_mul(arrays, one(a), one(b))[0] == high_mul(a, b)


@given(INT32, st.integers(0, 31))
@example(-1, 1)
@example(-3, 1)
@example(MIN32, 31)
@example(MAX32, 31)
def test_divide_by_pot(x, exponent):
    got = fixed_point.rounding_divide_by_pot(arrays, one(x), one(exponent))[0]
    assert got == divide_by_pot(x, exponent) == away(Fraction(x, 2**exponent))


@given(INT32, MULTIPLIER, st.integers(-31, 30))
@example(MAX32, MAX32, 1)
@example(2**30, 2**30, 3)
@example(-5, 2**30, -1)
def test_by_quantized_multiplier(x, multiplier, shift):
    got = fixed_point.multiply_by_quantized_multiplier(arrays, one(x), one(multiplier), one(shift))[0]
    assert got == by_quantized_multiplier(x, multiplier, shift)


@given(st.integers(-(2**47), 2**47), MULTIPLIER, st.integers(-31, 8))
def test_by_quantized_multiplier_64(x, multiplier, shift):
    """LiteRT common.cc, the form for int64_t: the reduced multiplier, one shift, then the cast to int32."""
    reduced = (multiplier + 2**15) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    total = 15 - shift
    expected = wrap((x * reduced + 2 ** (total - 1)) >> total)
    assert fixed_point.multiply_by_quantized_multiplier_64(arrays, one(x), one(multiplier), one(shift))[0] == expected


@given(st.floats(0, 1e9, allow_subnormal=False))
@example(0.0)
@example(1.0)
@example(0.5)
@example(1 - 2.0**-53)
@example(2.0**-32)
@example(2.0**-33)
def test_quantize_multiplier(real):
    multiplier, shift = (int(v) for v in fixed_point.quantize_multiplier(arrays, np.float64(real)))
    if real < 2.0**-32 * (1 - 2.0**-30):
        assert (multiplier, shift) == (0, 0)
        return
    assert 2**30 <= multiplier <= MAX32
    # the nearest of the multipliers with this shift
    assert abs(Fraction(multiplier) - Fraction(real) * Fraction(2) ** (31 - shift)) <= Fraction(1, 2)


def test_quantize_multiplier_by_hand():
    real = np.asarray([1.0, 0.5, 0.75, 3.0, 0.0, 1 - 2.0**-53])
    multiplier, shift = fixed_point.quantize_multiplier(arrays, real)
    assert multiplier.tolist() == [2**30, 2**30, 3 * 2**29, 3 * 2**29, 0, 2**30]
    assert shift.tolist() == [1, 0, 0, 2, 0, 1]


@given(st.floats(-(2.0**60), 2.0**60))
@example(0.49999999999999994)
@example(-0.49999999999999994)
@example(2.5)
@example(-2.5)
@example(4503599627370497.5)
def test_round_half_away(x):
    assert fixed_point.round_half_away(arrays, np.float64(x)) == away(Fraction(x))


@given(st.floats(-(2.0**30), 2.0**30, width=32))
@example(float(np.nextafter(np.float32(0.5), np.float32(0))))
@example(8388607.5)
def test_round_half_away_in_float32(x):
    got = fixed_point.round_half_away(arrays, np.float32(x))
    assert got.dtype == np.float32 and got == away(Fraction(x))


@given(st.integers(-(2**62), 2**62))
def test_wrap32(x):
    assert fixed_point.wrap32(arrays, one(x))[0] == wrap(x)


def test_power_of_two():
    assert fixed_point.power_of_two(arrays, np.arange(63)).tolist() == [2**k for k in range(63)]
