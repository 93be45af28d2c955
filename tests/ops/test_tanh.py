"""TANH against the real runtimes: all codes, ties, saturation, output grids."""

import numpy as np
import pytest

from tests.ops.elements import check_close, check_codes, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def tanh(name, scale, zero_point=0, y=None, type="INT8"):
    y = y or (1 / 128, 128 if type == "UINT8" else 0)
    only = ("litert", "xnnpack") if type == "UINT8" else RUNTIMES
    return Case(
        name,
        "TANH",
        (activation("x", (1, 256), scale, zero_point, type),),
        (activation("y", (1, 256), *y, type),),
        only=only,
    )


CASES = (
    tanh("plain", 0.03, 3),
    *(tanh(f"halves, 2**{power}", 2.0**power, -20) for power in (-11, -9, -8, 0, 2, 4)),
    tanh("zero point at an end", 0.02, 127),
    tanh("very steep", 46.0, -87),
    tanh("output grid", 0.05, 3, y=(0.0137, 11)),
    tanh("output grid of halves", 2.0**-6, 3, y=(2.0**-5, -3)),
    tanh("unsigned", 0.05, 130, type="UINT8"),
    tanh("unsigned, output grid", 0.05, 130, y=(0.02, 97), type="UINT8"),
)


SIXTEEN = tuple(
    element("TANH", f"{scale:.6g}", scale, y=(2.0**-15, 0), type="INT16")
    for scale in (0.0003, 0.01, 2.0**-12, 2.0**-11 * 1.0005, 2.0**-10, 1e-6, 0.7)
)
REAL = element("TANH", "real", type="FLOAT32")


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", SIXTEEN, ids=str)
def test_int16(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(REAL, numerics, [reals((1, 5, 6, 7))])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_tanh(case, numerics):
    codes = np.arange(256, dtype=np.uint8).view(case.inputs[0].dtype)
    check(case, numerics, [codes.reshape(1, -1)])


def test_tflm_takes_no_uint8():
    with pytest.raises(Unsupported, match="tflm takes INT8"):
        Interpreter(model_of(tanh("unsigned", 0.05, type="UINT8")), numerics="tflm")
