"""LOG against the real runtimes: all codes, those that are not positive too; TFLite Micro takes floats only."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close, check_codes, element, reals
from tests.ops.harness import RUNTIMES, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

CASES = (
    element("LOG", "plain", 0.05, -128, (0.03, 3)),
    element("LOG", "zero point inside", 0.05, 3, (0.03, -20)),
    element("LOG", "large", 20.0, -100, (0.05, -100)),
    element("LOG", "int16", 0.001, 0, (0.0002, 0), type="INT16"),
    element("LOG", "int16 large", 1.5, 0, (0.001, 0), type="INT16"),
    *(element("LOG", f"int16 {s}", s, 0, (0.00017, 0), type="INT16") for s in (3e-5, 7e-5, 0.02, 0.3)),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_log(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(element("LOG", "real", type="FLOAT32"), numerics, [np.abs(reals((1, 5, 6, 7))) + np.float32(1e-6)])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    ((CASES[0], "tflm", "tflm takes FLOAT32 in and out alike, received INT8"),),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
