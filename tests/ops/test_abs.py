"""ABS against the real runtimes: all codes, equal and other scales, ties; plain integers."""

import pytest

from tests.ops.elements import LITERT_KERNELS, check_codes, element, reals
from tests.ops.harness import RUNTIMES, Case, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

pytestmark = pytest.mark.parity

PLAIN = Case("unscaled", "ABS", (Tensor("x", (1, 65536), "INT16"),), (Tensor("y", (1, 65536), "INT16"),))
CASES = (
    element("ABS", "one grid", 0.05, 3, (0.05, 3)),
    element("ABS", "one scale", 0.05, 3, (0.05, -128)),
    element("ABS", "output finer", 0.05, 3, (0.021, -128)),
    element("ABS", "ties", 0.375, -77, (1.0, 5)),
    element("ABS", "int16", 0.05, 0, (0.05, 0), type="INT16"),
    element("ABS", "int16 ties", 0.375, 0, (1.0, 0), type="INT16"),
    element("ABS", "int16 finer", 0.05, 0, (0.0213, 0), type="INT16"),
    *(element("ABS", f"int16 {s}", s, 0, (0.00017, 0), type="INT16") for s in (3e-5, 7e-5, 0.00012, 0.02)),
    PLAIN,
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_abs(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check(element("ABS", "real", type="FLOAT32"), numerics, [reals((1, 5, 6, 7), 1e38)])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_int32(numerics):
    check(element("ABS", "int32", type="INT32"), numerics)


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (element("ABS", "int32", type="INT32"), "tflm", "tflm takes INT8 or INT16 or FLOAT32"),
        (element("ABS", "zero point", 0.1, 1, type="INT16"), "tflm", "zero points of 0"),
        (element("ABS", "far", 1.0, 0, (1e-10, 0)), "litert", "below 2"),
        (element("ABS", "int64", type="INT64"), "litert", "input type must be"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
