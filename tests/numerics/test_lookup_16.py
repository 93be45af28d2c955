"""16-bit tables: exact lines, the shift of a sample, wrap and saturation; the C library's functions."""

import math

import numpy as np
import pytest

from tfq.numerics import arrays, libm, lookup_16
from tfq.numerics.affine import Affine

UNIT = Affine(np.float32(2.0**-15), np.float32(0), -32768, 32767)


def grid(scale, zero_point=0):
    return Affine(np.float32(scale), np.float32(zero_point), -32768, 32767)


def test_a_straight_line_is_met_up_to_the_highest_code():
    """The last step ends at code 32767, one short of 32768."""
    y = lookup_16.look_up(arrays, lookup_16.samples(lambda x: x, UNIT, UNIT), lookup_16.codes())
    assert np.abs(y.astype(int) - lookup_16.codes()).max() <= 1


def test_lookup_by_hand():
    table = np.zeros(513, np.int16)
    table[256], table[257] = 100, 37
    assert lookup_16.look_up(arrays, table, [0, 1, 64, 127, 128]).tolist() == [
        100,
        100 + ((-63 * 1 + 64) >> 7),
        100 + ((-63 * 64 + 64) >> 7),
        100 + ((-63 * 127 + 64) >> 7),
        37,
    ]


def test_a_slope_beyond_16_bits_wraps():
    table = np.zeros(513, np.int16)
    table[0], table[1] = -32768, 32767
    assert lookup_16.look_up(arrays, table, [-32768, -32767]).tolist() == [-32768, (-32768 + (-1 + 64 >> 7))]


def test_outputs_beyond_the_range_saturate():
    table = lookup_16.samples(libm.exp, grid(2.0**-10), UNIT)
    assert table[-1] == 32767 and table[0] == 0


def test_a_convex_function_is_sampled_below_itself():
    """Halfway to the next sample the line lies above; the sample goes down by half of that."""
    table = lookup_16.samples(lambda x: np.abs(x - np.float32(2.0**-9)), grid(2.0**-15), grid(2.0**-14))
    assert table[256].astype(int) - 32 == -16


@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.float64))
@pytest.mark.parametrize("name", ("exp", "log", "tanh", "erfc"))
def test_libm(name, dtype):
    x = np.asarray([[0.25, 1.0], [2.5, 200.0]], dtype)
    got = getattr(libm, name)(x)
    assert (got.dtype, got.shape) == (dtype, (2, 2))
    want = [getattr(math, name)(float(value)) for value in x.reshape(-1)]
    with np.errstate(over="ignore"):
        want = np.asarray(want).astype(dtype).reshape(2, 2)
    np.testing.assert_allclose(got, want, rtol=4 * np.finfo(dtype).eps)


def test_libm_overflows_to_infinity():
    assert libm.exp(np.float32(1000)) == np.inf and libm.exp(np.float64(1000)) == np.inf
