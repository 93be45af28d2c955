"""COS against the real runtimes."""

import pytest

from tests.ops.elements import check_close, element, reals
from tests.ops.harness import RUNTIMES, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

REAL = element("COS", "real", type="FLOAT32")


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_cos(numerics):
    check_close(REAL, numerics, [reals((1, 5, 6, 7), 500.0)])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    ((element("COS", "int8"), "xnnpack", "input type must be"),),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
