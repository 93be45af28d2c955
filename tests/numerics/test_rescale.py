"""The multipliers' precision (which products are rounded to float32 on the way) and the roundings, by fractions."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfq.numerics import arrays, rescale

SCALE = st.floats(2.0**-12, 2.0**4, width=32)
ACC = st.integers(-(2**31), 2**31 - 1)


def fixed(real: float) -> tuple[int, int]:
    """(multiplier, shift) of a float64, by Python's fractions."""
    shift = 0
    value = Fraction(real)
    while value >= 1:
        value, shift = value / 2, shift + 1
    while value < Fraction(1, 2):
        value, shift = value * 2, shift - 1
    multiplier = int(value * 2**31 + Fraction(1, 2))
    return (multiplier // 2, shift + 1) if multiplier == 2**31 else (multiplier, shift)


@given(SCALE, SCALE, SCALE)
def test_constants(a, b, out):
    a, b, out = np.float32(a), np.float32(b), np.float32(out)
    wide = float(a) * float(b) / float(out)
    narrow = float(a * b) / float(out)
    ratio = float(a * b / out)
    assert rescale.FLOAT32.constants(arrays, a, b, out) == np.float32(ratio)
    assert rescale.FLOAT64_AWAY.constants(arrays, a, b, out) == wide
    for scheme, real in (
        (rescale.TWO_ROUNDINGS, wide),
        (rescale.TWO_ROUNDINGS_SINGLE_PRODUCT, narrow),
        (rescale.TWO_ROUNDINGS_SINGLE_RATIO, ratio),
    ):
        assert tuple(map(int, scheme.constants(arrays, a, b, out))) == fixed(real)


@given(ACC, SCALE)
def test_float32_rounds_three_times(acc, multiplier):
    """To float32, the product to float32, then half to even."""
    single = np.float32(acc)
    product = np.float32(float(single) * float(np.float32(multiplier)))
    got = rescale.FLOAT32.apply(arrays, np.asarray([acc], np.int32), np.float32(multiplier))[0]
    assert got == round(Fraction(float(product)))


@given(ACC, st.floats(2.0**-40, 4))
def test_float64_rounds_halves_away(acc, real):
    product = Fraction(acc * real)
    whole, rest = divmod(abs(product), 1)
    expected = (whole + (rest >= Fraction(1, 2))) * (1 if product >= 0 else -1)
    assert rescale.FLOAT64_AWAY.apply(arrays, np.asarray([acc], np.int32), real)[0] == expected


def test_ties_by_hand():
    """acc / 4 at the halves, one scheme beside another."""
    acc = np.asarray([2, 6, 10, -2, -6, -10], np.int32)
    quarter = rescale.fixed_point.quantize_multiplier(arrays, np.float64(0.25))
    assert rescale.FLOAT32.apply(arrays, acc, np.float32(0.25)).tolist() == [0, 2, 2, 0, -2, -2]
    assert rescale.FLOAT64_AWAY.apply(arrays, acc, 0.25).tolist() == [1, 2, 3, -1, -2, -3]
    assert rescale.TWO_ROUNDINGS.apply(arrays, acc, quarter).tolist() == [1, 2, 3, -1, -2, -3]
    # 4 * 0.11: the first rounding makes 3.52 / 8 a 4 / 8, the second takes that half away from zero
    twice = rescale.fixed_point.quantize_multiplier(arrays, np.float64(0.11))
    assert rescale.TWO_ROUNDINGS.apply(arrays, np.asarray([4]), twice).tolist() == [1]
    assert rescale.FLOAT64_AWAY.apply(arrays, np.asarray([4]), 0.11).tolist() == [0]
