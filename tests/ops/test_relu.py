"""RELU against the real runtimes: rescaling, bounds, ties; and its int32 form against the 64-bit one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.elements import check_codes, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter
from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, XNNPACK
from tfq.ops import relu


def case(name, x=(0.1, 3), y=(0.05, -9), shape=(1, 8, 64), **more):
    """x, y: (scale, zero point)."""
    return Case(name, "RELU", (activation("x", shape, *x),), (activation("y", shape, *y),), {}, version=2, **more)


CASES = (
    case("one grid", (0.1, 3), (0.1, 3)),
    case("output finer"),
    case("output coarser", (0.05, 3), (0.11, 8)),
    case("zero at the bottom", (0.1, 3), (0.05, -128)),
    case("zero at the top", (0.1, 127), (0.05, 127)),
    case("ties, half", (0.5, 0), (1.0, 0)),
    case("ties, half, zero points", (0.5, -9), (1.0, -60)),
    case("ties, eighth", (0.125, -77), (1.0, 5)),
    case("ties, three eighths", (0.375, -77), (1.0, 5)),
    case("ratio 1000", (1.0, 0), (0.001, -128)),
    case("ratio 60000", (60.0, 0), (0.001, -128)),
    case("ratio 1/1000", (0.001, -128), (1.0, 0)),
    case("rank 4", shape=(1, 3, 5, 7)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_relu(case, numerics):
    check(case, numerics)


OTHER_TYPES = (
    element("RELU", "unsigned", 0.1, 130, (0.07, 12), type="UINT8"),
    element("RELU", "unsigned ties", 0.375, 77, (1.0, 200), type="UINT8"),
    element("RELU", "int16", 0.0123, y=(0.0077, 0), type="INT16"),
    element("RELU", "int16 ties", 0.375, y=(1.0, 0), type="INT16"),
    element("RELU", "int16 coarser", 0.0001, y=(0.0077, 0), type="INT16"),
    element("RELU", "int16 ratio 60000", 60.0, y=(0.001, 0), type="INT16"),
)
REAL = element("RELU", "real", type="FLOAT32")


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", OTHER_TYPES, ids=str)
def test_other_types(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check(REAL, numerics, [reals((1, 5, 6, 7), 1e38)])


def test_refusals():
    with pytest.raises(Unsupported, match="tflm takes INT8 or INT16 or FLOAT32 in and out alike, received UINT8"):
        Interpreter(model_of(element("RELU", "unsigned", type="UINT8")), numerics="tflm")
    with pytest.raises(Unsupported, match="INT16 needs zero points of 0 for input and output, received 3 and 0"):
        Interpreter(model_of(element("RELU", "zero point", 0.1, 3, type="INT16")), numerics="litert")


def test_xnnpack_refuses_scales_too_far_apart():
    with pytest.raises(Unsupported, match="RELU 'y'.*below 65536"):
        Interpreter(model_of(case("far", (70.0, 0), (0.001, 0))), numerics="xnnpack")


@given(st.floats(2.0**-40, 2.0**15, width=32), st.integers(-128, 127))
def test_int32_form_is_the_kernel(ratio, zero_point):
    """Every code under any float32 ratio: the form that JAX can run equals the 64-bit definition."""
    inp, out = Affine(np.float32(ratio), np.float32(zero_point)), Affine(np.float32(1), np.float32(-128))
    codes = np.arange(-128, 128)
    got, want = (
        relu.integers(arrays, profile, relu.constants(arrays, profile, inp, out, "RELU"), codes)
        for profile in (XNNPACK, LITERT)
    )
    assert got.tolist() == want.tolist()
