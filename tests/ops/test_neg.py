"""NEG against the real runtimes: stored integers negated as they are; TFLite Micro takes floats only."""

import pytest

from tests.ops.elements import LITERT_KERNELS, check_codes, element, reals
from tests.ops.harness import RUNTIMES, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

CASES = (
    element("NEG", "scales and zero points do not count", 0.05, 3, (0.7, -90)),
    element("NEG", "int16", 0.05, 0, (0.05, 0), type="INT16"),
    element("NEG", "int16, zero points", 0.05, 30, (0.7, 5), type="INT16"),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_neg(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("type", ("INT32", "INT64"))
@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_integers(numerics, type):
    check(element("NEG", type, type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check(element("NEG", "real", type="FLOAT32"), numerics, [reals((1, 5, 6, 7), 1e38)])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (CASES[0], "tflm", "tflm takes FLOAT32"),
        (element("NEG", "unsigned", type="UINT8"), "litert", "input type must be"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
