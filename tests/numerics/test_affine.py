"""The affine map: the worked example, and each rounding against fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.numerics import affine, arrays
from tfq.numerics.affine import Affine

NORMAL = st.floats(2.0**-60, 2.0**40, width=32)
REALS = st.floats(-(2.0**20), 2.0**20, width=32)


def f32(x) -> np.float32:
    return np.float32(x)


def test_one_in_a_range_from_minus_3_2_to_1_3():
    """The value 1.0 in 8 bits over [-3.2, 1.3], on three grids that are easily taken for one another."""
    low, high, r = Fraction("-3.2"), Fraction("1.3"), Fraction(1)

    # The exact scale, 4.5 / 255 = 0.0176470...; a grid that begins at -3.2 happens to hit 1.0 exactly.
    scale = (high - low) / 255
    assert math.isclose(scale, 0.0176470, rel_tol=1e-5)
    assert round((r - low) / scale) == 238 and 238 * scale + low == 1

    # The scale cut to four decimals: the same code computations end beside it, at 1.0064.
    cut = Fraction("0.0176")
    assert round((r - low) / cut) * cut + low == Fraction("1.0064")

    # TFLite's grid holds real 0 exactly: the zero point is rounded to an integer, and 1.0 becomes 1.00588.
    scale_, zero_point = affine.scale_zero_point(arrays, f32(-3.2), f32(1.3))
    assert math.isclose(scale_, scale, rel_tol=1e-7) and zero_point == 53
    grid = Affine(scale_, zero_point)
    stored = affine.quantize(arrays, f32(1.0), grid)
    assert stored == 110
    assert math.isclose(affine.dequantize(arrays, stored, grid), 57 * 4.5 / 255, rel_tol=1e-7)
    assert f"{affine.dequantize(arrays, stored, grid):.5f}" == "1.00588"
    assert affine.dequantize(arrays, affine.quantize(arrays, f32(0), grid), grid) == 0


@given(REALS, NORMAL)
def test_divide_rounds_correctly(a, b):
    got = affine.divide(arrays, f32(a), f32(b))
    exact = Fraction(a) / Fraction(b)
    beside = [np.nextafter(got, f32(-np.inf)), np.nextafter(got, f32(np.inf))]
    assert got.dtype == np.float32
    assert all(abs(Fraction(float(got)) - exact) <= abs(Fraction(float(n)) - exact) for n in beside if np.isfinite(n))


@given(REALS, REALS)
def test_product_is_the_product(a, b):
    assert affine.product(arrays, f32(a), f32(b)) == f32(a) * f32(b)


@given(REALS, NORMAL, st.integers(-128, 127))
def test_quantize_rounds_half_to_even_and_saturates(x, scale, zero_point):
    steps = Fraction(float(f32(x) / f32(scale)))
    expected = max(-128, min(127, round(steps) + zero_point))
    assert affine.quantize(arrays, f32(x), Affine(f32(scale), f32(zero_point))) == expected


@pytest.mark.parametrize(
    ("x", "stored"), [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (1e30, 127), (-1e30, -128)]
)
def test_quantize_by_hand(x, stored):
    assert affine.quantize(arrays, f32(x), Affine(f32(1), f32(0))) == stored


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_becomes_nan(x):
    assert np.isnan(affine.quantize(arrays, f32(x), Affine(f32(1), f32(0))))


@given(REALS, REALS)
def test_a_grid_holds_zero_and_reaches_both_ends(a, b):
    low, high = min(a, b), max(a, b)
    scale, zero_point = affine.scale_zero_point(arrays, f32(low), f32(high))
    assert scale.dtype == np.float32 and scale > 0 and np.isfinite(scale)
    assert zero_point == int(zero_point) and -128 <= zero_point <= 127
    grid = Affine(scale, zero_point)
    assert affine.dequantize(arrays, affine.quantize(arrays, f32(0), grid), grid) == 0
    # the nudge moves the ends by half a step at most, the roundings of float32 beside
    assert affine.dequantize(arrays, f32(-128), grid) <= min(low, 0) + 0.5001 * scale
    assert affine.dequantize(arrays, f32(127), grid) >= max(high, 0) - 0.5001 * scale


@pytest.mark.parametrize(
    ("low", "high", "zero_point"),
    [(0, 0, -128), (0, 1, -128), (-1, 0, 127), (3, 7, -128), (-7, -3, 127), (-1, 1, 0), (-1, 3, -64)],
)
def test_zero_points_by_hand(low, high, zero_point):
    """(-1, 1): 127.5 below zero, half to even makes 128."""
    assert affine.scale_zero_point(arrays, f32(low), f32(high))[1] == zero_point


def test_a_constant_still_has_a_scale():
    scale, _ = affine.scale_zero_point(arrays, f32(0), f32(0))
    assert scale > np.finfo(np.float32).tiny


@given(st.floats(0, 2.0**20, width=32))
def test_symmetric_scale(largest):
    scale = affine.symmetric_scale(arrays, f32(largest))
    assert scale.dtype == np.float32
    assert abs(Fraction(float(scale)) * 127 - Fraction(largest)) <= Fraction(largest) / 2**22 + Fraction(1, 2**140)


@given(NORMAL, NORMAL, st.floats(0, 1, width=32))
def test_inverse_sqrt_scale(gamma, variance, epsilon):
    got = affine.inverse_sqrt_scale(arrays, f32(gamma), f32(variance), f32(epsilon))
    assert got == f32(gamma) / np.sqrt(f32(variance) + f32(epsilon))
