"""LEAKY_RELU against the real runtimes: slopes of either sign, halves, ratios inside and outside XNNPACK's range."""

import numpy as np
import pytest

from tests.ops.elements import check_codes, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def leaky_relu(name, alpha, x=(0.05, 3), y=(0.03, -20), type="INT8"):
    """x, y: (scale, zero point)."""
    shape = (1, 256)
    only = ("litert", "xnnpack") if type == "UINT8" else RUNTIMES
    tensors = (activation("x", shape, *x, type),), (activation("y", shape, *y, type),)
    return Case(name, "LEAKY_RELU", *tensors, {"alpha": float(np.float32(alpha))}, only=only)


CASES = (
    leaky_relu("plain", 0.17),
    leaky_relu("halves", 0.25, x=(0.25, 1), y=(1.0, 0)),
    leaky_relu("equal grids", 0.3, x=(0.05, -7), y=(0.05, -7)),
    leaky_relu("negative slope", -0.25, x=(0.25, 1), y=(1.0, 0)),
    leaky_relu("steep", 1.7),
    leaky_relu("slope 0", 0.0),
    leaky_relu("slope 1/256", 1 / 256, x=(1.0, 100), y=(1.0, -3)),
    leaky_relu("slope below 1/256", 1 / 257, x=(1.0, 100), y=(1.0, -3)),
    leaky_relu("ratio below 1/256", 0.5, x=(0.5, 100), y=(150.0, -3)),
    leaky_relu("ratio above 128", 0.01, x=(129.5, 127), y=(1.0, 127)),
    leaky_relu("unsigned", 0.17, y=(0.03, 60), type="UINT8"),
    leaky_relu("unsigned halves", 0.25, x=(0.25, 130), y=(1.0, 99), type="UINT8"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_leaky_relu(case, numerics):
    codes = np.arange(256, dtype=np.uint8).view(case.inputs[0].dtype)
    check(case, numerics, [codes.reshape(1, -1)])


def other(name, alpha, *numbers, **more):
    return element("LEAKY_RELU", name, *numbers, options={"alpha": float(np.float32(alpha))}, **more)


SIXTEEN = (
    other("int16", 0.17, 0.0123, 0, (0.0077, 0), type="INT16"),
    other("int16 ties", 0.25, 0.25, 0, (1.0, 0), type="INT16"),
    other("int16 negative slope", -0.3, 0.0123, 0, (0.0077, 0), type="INT16"),
    other("int16 negative slope, ties", -0.5, 0.5, 0, (0.5, 0), type="INT16"),
    other("int16 steep", 1.7, 0.0123, 0, (0.077, 0), type="INT16"),
    other("int16 zero points", 0.17, 0.0123, 5, (0.0077, -3000), type="INT16", only=("tflm",)),
)
REAL = other("real", 0.17, type="FLOAT32")


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", SIXTEEN, ids=str)
def test_int16(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check(REAL, numerics, [reals((1, 5, 6, 7), 1e38)])


@pytest.mark.parametrize("alpha", (1e30, float("inf"), float("nan")))
def test_refuses_slopes(alpha):
    with pytest.raises(Unsupported, match="alpha"):
        Interpreter(model_of(other("slope", alpha)), numerics="litert")


def test_tflm_takes_no_uint8():
    with pytest.raises(Unsupported, match="tflm takes INT8"):
        Interpreter(model_of(leaky_relu("unsigned", 0.1, y=(0.1, 0), type="UINT8")), numerics="tflm")
