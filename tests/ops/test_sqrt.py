"""SQRT against the real runtimes: all codes from the zero point on, truncation; below it the kernel fails."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, all_codes, check_close, check_codes, element, reals
from tests.ops.harness import RUNTIMES, model_of
from tfq.errors import TfqError, Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

CASES = (
    element("SQRT", "plain", 0.05, -128, (0.02, -128)),
    element("SQRT", "squares", 1.0, -128, (1.0, -100)),
    element("SQRT", "fourths", 0.25, -128, (0.5, 3)),
    element("SQRT", "int16", 0.001, 0, (0.0003, 0), type="INT16"),
    element("SQRT", "int16 squares", 1.0, 0, (0.25, 0), type="INT16"),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sqrt(case, numerics):
    check_codes(case, numerics, first=int(case.inputs[0].quantization.zero_point[0]))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(element("SQRT", "real", type="FLOAT32"), numerics, [np.abs(reals((1, 5, 6, 7)))])


def test_below_zero():
    interpreter = Interpreter(model_of(element("SQRT", "below", 0.05, -100)), numerics="litert")
    with pytest.raises(TfqError, match="op 0 SQRT 'y': expected stored inputs from -100 on, received -128"):
        interpreter.run(all_codes("INT8"))


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (CASES[0], "tflm", "tflm takes FLOAT32"),
        (element("SQRT", "zero point", 0.1, 1, type="INT16"), "litert", "zero points of 0"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
