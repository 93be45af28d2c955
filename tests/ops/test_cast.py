"""CAST against the real runtimes: every pair of types, numbers beyond a type's range, halves, NaN."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check, model_of
from tests.ops.movers import LITERT_KERNELS, TYPES, agree, tensor
from tfq import runtimes
from tfq.interpreter import Interpreter
from tfq.ops import cast
from tfq.tflite import NUMPY_TYPES

REALS = [
    1e30,
    -1e30,
    np.inf,
    -np.inf,
    300.7,
    -300.7,
    40000.5,
    -40000.5,
    3e9,
    -3e9,
    5e9,
    1e19,
    -1e19,
    2.0**63,
    -(2.0**63),
]
REALS += [
    1.5,
    -1.5,
    0.5,
    -0.5,
    127.9,
    -128.9,
    255.9,
    256,
    -129,
    2047.5,
    2049,
    2051,
    65519.9,
    65520,
    1e-8,
    3e-8,
    0,
    -0.0,
]
REALS += [1 + 2.0**-24, 1 + 3 * 2.0**-25, 1 + 2.0**-11 + 2.0**-40, 2.0**31, 2.0**31 - 128, 2.0**32, 2.0**24 + 1]


def case(source, target, count):
    options = {"in_data_type": source, "out_data_type": target}
    x, y = tensor("x", (1, count), source, None), tensor("y", (1, count), target, None)
    return Case(f"{source} to {target}", "CAST", (x,), (y,), options)


def numbers(type):
    dtype = np.dtype(NUMPY_TYPES[type])
    if dtype.kind == "b":
        return np.array([[True, False]])
    if dtype.kind in "iu":
        limits, rng = np.iinfo(dtype), np.random.default_rng(0)
        ends = [limits.min, limits.max, limits.max // 2 + 1, 0, 1]
        return np.concatenate([np.array(ends, dtype), rng.integers(limits.min, limits.max, 40, dtype)])[None]
    with np.errstate(all="ignore"):
        reals = np.array(REALS).astype(dtype)
    return (reals + 2j if dtype.kind == "c" else reals).astype(dtype)[None]


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("source", TYPES)
def test_every_pair(source, numerics):
    if numerics == "tflm" and source == "UINT16":
        pytest.skip("tflite-micro's Python binding knows no 16-bit unsigned arrays")
    x = numbers(source)
    for target in TYPES:
        if not (numerics == "tflm" and target == "UINT16"):
            agree(case(source, target, x.shape[1]), numerics, [x])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_int4(numerics):
    check(case("INT4", "FLOAT32", 16), numerics, [np.arange(-8, 8, dtype=np.int8)[None]])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_nan(numerics):
    """Inputs cannot be NaN, values computed on the way can."""
    x = np.array([[np.nan, 1.5]], np.float32)
    for target in ("INT8", "INT16", "INT32", "UINT32"):
        one = case("FLOAT32", target, 2)
        interpreter = Interpreter(model_of(one), numerics=numerics)
        (got,) = interpreter.step(0, [x])
        if not runtimes.available(numerics):
            np.testing.assert_array_equal(got, runtimes.run(numerics, model_of(one), [x]).outputs[0])


def test_saturated():
    x = np.array([-1e30, -128.9, -0.9, 0.9, 127.9, 128.0, np.nan])
    np.testing.assert_array_equal(cast.saturated(x, np.dtype(np.int8), 127), [-128, -128, 0, 0, 127, 127, 127])
