"""SQUARED_DIFFERENCE against the real runtimes: scales, ties, broadcasting, and TFLite Micro's int16."""

import pytest

from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, *grids, **more):
    return pair("SQUARED_DIFFERENCE", name, *grids, **more)


CASES = (
    *(case(k, (0.1, 3), (0.07, -5), (0.9, -100), shapes=s) for k, s in BROADCASTS.items()),
    case("ties", (0.5, 0), (0.25, 0), (0.5, 0)),
    case("saturates", (0.5, 0), (0.25, 0), (0.02, -128)),
    case("scales apart", (0.9, 4), (0.0011, 9), (7.0, 0)),
    case("itself", (0.3, 5), y=(0.45, -3), twice=True),
    case("multiplier above 1", (10.0, 0), (10.0, 0), (0.01, 0), only=("tflm",)),
    case("int16", (3.1e-4, 0), (7.7e-4, 0), (9.3e-2, 0), type="INT16", only=("tflm",), samples=20),
    case("int16 saturates", (3.1e-4, 0), (7.7e-4, 0), (1e-4, 0), type="INT16", only=("tflm",)),
    *(case(f"float32 {k}", type="FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
    case("int32", type="INT32", shapes=BROADCASTS["both ways"]),
)

REFUSED = (
    (case("multiplier above 1", (10.0, 0), (10.0, 0), (0.01, 0)), ("litert", "xnnpack")),
    (case("uint8", type="UINT8"), RUNTIMES),
    (case("int16", type="INT16"), ("litert", "xnnpack")),
    (case("int16 zero point", (0.1, 1), type="INT16"), ("tflm",)),
    (case("int64", type="INT64"), RUNTIMES),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_squared_difference(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="SQUARED_DIFFERENCE 'y'"):
        Interpreter(model_of(case), numerics=numerics)
