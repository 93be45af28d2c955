"""EXP against the real runtimes: all codes, halves, saturation, steep inputs; TFLite Micro takes floats only."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close, check_codes, element, reals
from tests.ops.harness import RUNTIMES, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

CASES = (
    element("EXP", "plain", 0.02, 3, (0.05, -120)),
    element("EXP", "flat", 0.0001, 3, (0.01, -128)),
    element("EXP", "steep", 1.7, -3, (2.0**-8, -128)),
    element("EXP", "steeper", 9.0, -3, (1.0, 100)),
    element("EXP", "int16", 0.0001, 0, (0.001, 0), type="INT16"),
    element("EXP", "int16 fine", 2.0**-17, 0, (2.0**-14, 0), type="INT16"),
    element("EXP", "int16 steep", 0.01, 0, (2.0**-10, 0), type="INT16"),
    *(
        element("EXP", f"int16 {s}", s, 0, (np.exp(32767 * s) / 32767, 0), type="INT16")
        for s in (3e-5, 7e-5, 2e-4, 3e-4)
    ),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_exp(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(element("EXP", "real", type="FLOAT32"), numerics, [np.minimum(reals((1, 5, 6, 7)), 80)])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (CASES[0], "tflm", "tflm takes FLOAT32 in and out alike, received INT8"),
        (element("EXP", "unsigned", type="UINT8"), "litert", "input type must be"),
        (element("EXP", "zero point", 0.1, 1, type="INT16"), "xnnpack", "zero points of 0"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
