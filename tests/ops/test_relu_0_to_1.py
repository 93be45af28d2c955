"""RELU_0_TO_1 against the real runtimes: all codes, both bounds, ties; TFLite Micro has none."""

import pytest

from tests.ops.elements import LITERT_KERNELS, check_codes, element, reals
from tests.ops.harness import check, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def case(name, *numbers, **more):
    return element("RELU_0_TO_1", name, *numbers, only=LITERT_KERNELS, **more)


CASES = (
    case("one grid", 0.01, 3, (0.01, 3)),
    case("output finer", 0.05, 3, (0.007, -9)),
    case("output coarser", 0.05, 3, (0.3, 8)),
    case("bounds on ties", 0.25, 3, (2 / 3, 8)),
    case("bounds beyond the grid", 0.05, 3, (0.001, 100)),
    case("ties", 0.375, -77, (1.0, 5)),
    case("unsigned", 0.01, 130, (0.008, 120), type="UINT8"),
    case("unsigned ties", 0.25, 130, (2 / 3, 120), type="UINT8"),
)
REAL = case("real", type="FLOAT32")


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_relu_0_to_1(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_real(numerics):
    check(REAL, numerics, [reals((1, 5, 6, 7), 1e38)])


@pytest.mark.parametrize(("case", "numerics"), ((CASES[0], "tflm"), (case("int16", type="INT16"), "litert")), ids=str)
def test_refusals(case, numerics):
    with pytest.raises(Unsupported, match="RELU_0_TO_1 'y'"):
        Interpreter(model_of(case), numerics=numerics)
