"""CEIL against the real runtimes."""

import pytest

from tests.ops.elements import element, reals
from tests.ops.harness import check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

REAL = element("CEIL", "real", type="FLOAT32")


@pytest.mark.parametrize("numerics", ("xnnpack", "tflm"))
def test_ceil(numerics):
    check(REAL, numerics, [reals((1, 5, 6, 7))])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (REAL, "litert", "litert has no kernel"),
        (element("CEIL", "int8"), "xnnpack", "input type must be"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
