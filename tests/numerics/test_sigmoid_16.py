"""LOGISTIC and TANH of int16 codes: the source's table, symmetry, closeness to the real functions, multipliers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.numerics import arrays, gemmlowp_16, sigmoid_16

CODES = np.arange(-32768, 32768, dtype=np.int64)


def test_the_table_at_the_ends_and_at_points_of_either_kind():
    """Source: LiteRT kernels/internal/common.h sigmoid_table_uint16."""
    assert sigmoid_16.TABLE.shape == (256,)
    assert sigmoid_16.TABLE[[0, 1, 2, 3, 4, 5, 127, 253, 254, 255]].tolist() == (
        [32768, 33451, 34133, 34813, 35493, 36169, 65208, 65534, 65534, 65535]
    )


@pytest.mark.parametrize(
    ("scale", "exact", "expected"),
    (
        (2.0**-12, (0,), (3, 0)),
        (2.0**-11, (0, 1), (6, 0)),
        (2.0**-11, (0,), (24576, 12)),
        (1.0, (0,), (12288 * 2, 1)),
        (0.0003, (0,), (int(0.0003 * 12288 * 2**13), 13)),
    ),
)
def test_input_multiplier(scale, exact, expected):
    assert sigmoid_16.input_multiplier(arrays, scale, exact) == expected


@pytest.mark.parametrize("scale", (2.0**-12, 0.0003, 0.002))
def test_close_to_the_functions(scale):
    x = CODES * scale
    logistic = sigmoid_16.logistic(arrays, CODES, *sigmoid_16.input_multiplier(arrays, scale, (0,)))
    tanh = sigmoid_16.tanh(arrays, CODES, *sigmoid_16.input_multiplier(arrays, scale, (0, 1)))
    assert np.abs(logistic / 32768 - 1 / (1 + np.exp(-x))).max() < 2.0**-11
    assert np.abs(tanh / 32768 - np.tanh(x)).max() < 2.0**-10


def test_fixed_point_is_odd_and_close():
    x = CODES * 2.0**-12
    tanh, logistic = gemmlowp_16.tanh(arrays, CODES), gemmlowp_16.logistic(arrays, CODES)
    assert np.array_equal(tanh[1:], -tanh[:0:-1])
    assert np.array_equal(logistic[1:32768], 32767 - logistic[:32768:-1])
    assert np.abs(tanh / 32768 - np.tanh(x)).max() < 2.0**-11
    assert np.abs(logistic / 32768 - 1 / (1 + np.exp(-x))).max() < 2.0**-11


def test_power_of_two_within_a_thousandth():
    assert sigmoid_16.power_of_two(2.0**-12 * math.exp2(0.0009)) == -12
    assert sigmoid_16.power_of_two(2.0**-12 * math.exp2(0.0011)) is None


@pytest.mark.parametrize("power", (-12, -11))
def test_scales_next_to_a_power_of_two(power):
    for exponent in (0.0009, 0.0, -0.0009, 0.0011, -0.0011):
        near = bool(sigmoid_16.is_power_of_two(arrays, np.float32(2.0**power * math.exp2(exponent)), power))
        assert near == (abs(exponent) < 1e-3)


@given(st.floats(2.0**-30, 5.25, width=32))
def test_input_multiplier_is_the_kernels_loop(scale):
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    assert sigmoid_16.input_multiplier(arrays, scale, ()) == (int(multiplier), shift)
