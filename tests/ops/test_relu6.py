"""RELU6 against the real runtimes: both bounds, and TFLite Micro's, which does not rescale."""

import numpy as np
import pytest

from tests.ops.elements import check_codes, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.interpreter import Interpreter


def case(name, x=(0.1, 3), y=(0.05, -9), shape=(1, 8, 64), **more):
    """x, y: (scale, zero point)."""
    return Case(name, "RELU6", (activation("x", shape, *x),), (activation("y", shape, *y),), {}, version=2, **more)


CASES = (
    case("one grid", (0.1, 3), (0.1, 3)),
    case("output finer"),
    case("output coarser", (0.05, 3), (0.11, 8)),
    case("as networks have it", (0.07, -5), (6 / 255, -128)),
    case("six beyond the grid", (0.01, 0), (0.01, 0)),
    case("bound on a tie", (4 / 3, 0), (4 / 3, 0)),
    case("bound on a tie, other grid", (0.5, 1), (4 / 3, -7)),
    case("ties, half", (0.5, 0), (1.0, 0)),
    case("ties, three eighths", (0.375, -77), (1.0, 5)),
    case("zero at the top", (0.1, 127), (0.05, 127)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_relu6(case, numerics):
    check(case, numerics)


OTHER_TYPES = (
    element("RELU6", "unsigned", 0.1, 130, (0.03, 12), type="UINT8"),
    element("RELU6", "unsigned tie", 4 / 3, 77, (4 / 3, 200), type="UINT8"),
    element("RELU6", "int16", 0.0123, y=(0.0077, 0), type="INT16"),
    element("RELU6", "int16 zero points", 0.0123, 700, (0.0123, -9), type="INT16", only=("tflm",)),
    element("RELU6", "int16 one grid", 0.0123, y=(0.0123, 0), type="INT16"),
    element("RELU6", "int16 finer than six", 0.0123, y=(0.0001, 0), type="INT16"),
)
REAL = element("RELU6", "real", type="FLOAT32")


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", OTHER_TYPES, ids=str)
def test_other_types(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check(REAL, numerics, [reals((1, 5, 6, 7), 1e38)])


def test_tflm_does_not_rescale():
    x = np.resize(np.arange(-128, 128), (1, 8, 64)).astype(np.int8)
    model = model_of(case("no rescale", (0.25, 3), (0.05, -128)))
    assert Interpreter(model, numerics="tflm").run(x)[0].tolist() == np.clip(x, 3, 27).tolist()
    assert Interpreter(model, numerics="litert").run(x)[0].min() == -128
