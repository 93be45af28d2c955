"""The logarithm in fixed point against the real one, over sums of every size."""

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.log_fixed_point import log


def test_close_to_the_function():
    x = np.unique(np.geomspace(2**19, 2**31 - 1, 20000).astype(np.int64))
    assert np.abs(log(arrays, x, 12) * 2.0**-26 - np.log(x * 2.0**-19)).max() < 2.0**-23


def test_powers_of_two_and_one():
    x = 2 ** np.arange(19, 31)
    np.testing.assert_allclose(log(arrays, x, 12) * 2.0**-26, np.arange(12) * np.log(2), atol=2.0**-24)
