"""GELU and its approximation against LiteRT: all codes of every type; TFLite Micro has none."""

import pytest

from tests.ops.elements import LITERT_KERNELS, check_close, check_codes, element, reals
from tests.ops.harness import model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def gelu(name, *numbers, approximate=False, **more):
    more = {"only": LITERT_KERNELS, **more}
    return element("GELU", name, *numbers, options={"approximate": approximate}, **more)


CASES = tuple(
    gelu(f"{name}, {'tanh' if approximate else 'erfc'}", *numbers, approximate=approximate, type=type)
    for approximate in (False, True)
    for name, type, numbers in (
        ("plain", "INT8", (0.03, 3, (0.02, -110))),
        ("ties", "INT8", (2.0**-6, 3, (2.0**-7, -110))),
        ("steep", "INT8", (1.3, 3, (0.7, -110))),
        ("unsigned", "UINT8", (0.03, 130, (0.02, 12))),
        ("int16", "INT16", (0.0002, 0, (0.0002, 0))),
        ("int16 wide", "INT16", (0.001, 0, (0.0007, 0))),
        ("int16 fine", "INT16", (2.0**-16, 0, (2.0**-16, 0))),
        ("int16, other zero points", "INT16", (0.0002, 300, (0.0002, -7))),
    )
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gelu(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("approximate", (False, True))
@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_real(numerics, approximate):
    check_close(gelu("real", approximate=approximate, type="FLOAT32"), numerics, [reals((1, 5, 6, 7), 10.0)])


def test_tflm_has_none():
    with pytest.raises(Unsupported, match="tflm has no kernel"):
        Interpreter(model_of(CASES[0]), numerics="tflm")
