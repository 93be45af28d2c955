"""RSQRT against the real runtimes: all codes from the zero point on; TFLite Micro has its own int16."""

import numpy as np
import pytest

from tests.ops.elements import all_codes, check_close, check_codes, element, reals
from tests.ops.harness import RUNTIMES, model_of
from tfq.errors import TfqError, Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

CASES = (
    element("RSQRT", "plain", 0.05, -128, (0.02, -128)),
    element("RSQRT", "zero point inside", 0.05, -100, (0.02, 3)),
    element("RSQRT", "powers of two", 1.0, -128, (2.0**-7, -128)),
    element("RSQRT", "large", 40.0, -128, (2.0**-10, 0)),
    element("RSQRT", "fine", 1e-4, -128, (0.3, 0)),
    element("RSQRT", "int16", 0.001, 0, (0.0003, 0), type="INT16"),
    element("RSQRT", "int16 large", 1.0, 0, (2.0**-14, 0), type="INT16"),
    *(element("RSQRT", f"int16 {s}", s, 0, (0.00217, 0), type="INT16") for s in (3e-5, 7e-5, 0.00012, 0.02)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_rsqrt(case, numerics):
    check_codes(case, numerics, first=int(case.inputs[0].quantization.zero_point[0]))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(element("RSQRT", "real", type="FLOAT32"), numerics, [np.abs(reals((1, 5, 6, 7))) + np.float32(0.01)])


def test_below_zero():
    interpreter = Interpreter(model_of(element("RSQRT", "below", 0.05, -100)), numerics="tflm")
    with pytest.raises(TfqError, match="op 0 RSQRT 'y': expected stored inputs from -100 on, received -128"):
        interpreter.run(all_codes("INT8"))


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (element("RSQRT", "far", 1e6, -128, (10.0, 0)), "litert", "must be in"),
        (element("RSQRT", "unsigned", type="UINT8"), "litert", "input type must be"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
