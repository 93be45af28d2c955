"""The float32 logarithm against the C library's, bit by bit."""

import platform

import numpy as np
import pytest

from tfq.numerics import arrays, libm
from tfq.numerics.log_float32 import log


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has another logf")
@pytest.mark.parametrize("largest", [2.0, 4096.0, 1e30])
def test_every_bit(largest):
    x = np.exp(np.random.default_rng(0).uniform(-np.log(largest), np.log(largest), 50000)).astype(np.float32)
    np.testing.assert_array_equal(log(arrays, x), libm.log(x))


def test_powers_of_two():
    k = np.arange(-126, 128)
    np.testing.assert_array_equal(log(arrays, (2.0**k).astype(np.float32)), (k * np.log(2)).astype(np.float32))
