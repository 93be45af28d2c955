"""SIGN against LiteRT: floats and integers; TFLite Micro has none."""

import pytest

from tests.ops.elements import LITERT_KERNELS, element
from tests.ops.harness import check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


@pytest.mark.parametrize("type", ("FLOAT32", "INT32"))
@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_sign(numerics, type):
    check(element("SIGN", type, type=type), numerics)


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (element("SIGN", "real", type="FLOAT32"), "tflm", "tflm has no kernel"),
        (element("SIGN", "int8"), "litert", "input type must be"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
