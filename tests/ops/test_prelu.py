"""PRELU against the real runtimes: signs, alphas per channel and per element, multipliers on either side of 1."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.pairs import SHAPE, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")
RNG = np.random.default_rng(0)
PER_CHANNEL = RNG.integers(-128, 128, (1, 1, 8))


def case(name, *grids, const=PER_CHANNEL, **more):
    return pair("PRELU", name, *grids, const=const, **more)


CASES = (
    case("per channel", (0.1, 3), (0.01, -7), (0.12, 5)),
    case("per element", (0.1, 3), (0.01, -7), (0.12, 5), const=RNG.integers(-128, 128, SHAPE)),
    case("one alpha", (0.1, 3), (0.01, 0), (0.1, 3), const=[17]),
    case("large", (0.1, 3), (0.01, -7), (0.12, 5), shapes=((1, 40, 40, 8), ())),
    case("computed alpha", (0.1, 3), (0.01, -7), (0.12, 5), const=None),
    case("ties", (0.5, 3), (0.25, 0), (1.0, 0)),
    case("multipliers above 1", (1.0, 3), (0.9, 0), (0.03, 0)),
    case("uint8", (0.1, 100), (0.01, 30), (0.12, 50), type="UINT8", const=abs(PER_CHANNEL), only=LITERT_ONLY),
    case("int16", (0.001, 0), (0.01, 3), (0.0012, 0), type="INT16", second="INT8", samples=20),
    case("int16, odd scales", (3.1e-5, 0), (7.7e-3, -3), (4.1e-5, 0), type="INT16", second="INT8", samples=30),
    case("int16, zero points", (0.001, 7), (0.01, 3), (0.0012, -9), type="INT16", second="INT8"),
    case("float32", type="FLOAT32", const=PER_CHANNEL / 64),
    case("float32, computed alpha", type="FLOAT32", const=None),
    case("float32, five axes", type="FLOAT32", const=[0.25], shapes=((1, 2, 3, 4, 5), ()), only=LITERT_ONLY),
)
REFUSED = (
    (case("uint8", type="UINT8", const=[3]), ("tflm",)),
    (case("int32", type="INT32"), RUNTIMES),
    (case("int16 with an int16 alpha", type="INT16"), RUNTIMES),
    (case("alpha of more axes", shapes=((1, 3), ()), const=np.zeros((2, 1, 3))), RUNTIMES),
    (case("alpha apart", shapes=((1, 3), (1, 1)), const=None, twice=False, output="INT16"), RUNTIMES),
    (case("float32, five axes", type="FLOAT32", const=[0.25], shapes=((1, 2, 3, 4, 5), ())), ("tflm",)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_prelu(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="PRELU 'y'"):
        Interpreter(model_of(case), numerics=numerics)
