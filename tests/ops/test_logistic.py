"""LOGISTIC against the real runtimes: all codes, ties, saturation, output grids; those that the kernels refuse."""

import numpy as np
import pytest

from tests.ops.elements import check_close, check_codes, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

LITERT_KERNELS = ("litert", "xnnpack")


def logistic(name, scale, zero_point=0, y=None, type="INT8", **more):
    y = y or (1 / 256, 0 if type == "UINT8" else -128)
    only = LITERT_KERNELS if type == "UINT8" else RUNTIMES
    return Case(
        name,
        "LOGISTIC",
        (activation("x", (1, 256), scale, zero_point, type),),
        (activation("y", (1, 256), *y, type),),
        **{"only": only, **more},
    )


CASES = (
    logistic("plain", 0.05, 3),
    *(logistic(f"halves, 2**{power}", 2.0**power, 7) for power in (-11, -8, -7, 0, 1, 2, 4)),
    logistic("zero point at an end", 0.03, -128),
    logistic("odd scale", 0.025739059, 101),
    logistic("very steep", 41.83142, 123),
    logistic("unsigned", 0.05, 130, type="UINT8"),
    logistic("unsigned halves", 2.0**-8, 106, type="UINT8"),
    logistic("output zero point", 0.05, 3, y=(1 / 256, -100), only=LITERT_KERNELS),
    logistic("output scale", 0.05, 3, y=(0.0071, -57), only=("xnnpack",)),
    logistic("output scale ignored", 0.05, 3, y=(1 / 128, -128), only=("tflm",)),
)


SIXTEEN = tuple(
    element("LOGISTIC", f"{scale:.6g}", scale, y=(2.0**-15, 0), type="INT16")
    for scale in (0.0003, 0.01, 2.0**-12, 2.0**-12 * 1.0005, 2.0**-11, 1e-6, 0.7)
)
REAL = element("LOGISTIC", "real", type="FLOAT32")


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", SIXTEEN, ids=str)
def test_int16(case, numerics):
    check_codes(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(REAL, numerics, [reals((1, 5, 6, 7))])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_logistic(case, numerics):
    codes = np.arange(256, dtype=np.uint8).view(case.inputs[0].dtype)
    check(case, numerics, [codes.reshape(1, -1)])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (logistic("scale", 0.1, y=(1 / 128, -128)), "litert", "output scale 0.00390625, received 0.0078125"),
        (logistic("zero point", 0.1, y=(1 / 256, 0)), "tflm", "output zero point -128, received 0"),
        (logistic("unsigned", 0.1, type="UINT8"), "tflm", "tflm takes INT8"),
        (element("LOGISTIC", "scale", y=(2.0**-14, 0), type="INT16"), "tflm", "INT16 output needs scale 1/32768"),
        (element("LOGISTIC", "exact", y=(2.0**-15 * 1.0001, 0), type="INT16"), "xnnpack", "needs scale 1/32768"),
        (element("LOGISTIC", "zero point", 0.1, 1, (2.0**-15, 0), type="INT16"), "litert", "zero points of 0"),
        (element("LOGISTIC", "steep", 6.0, y=(2.0**-15, 0), type="INT16"), "litert", "below 16/3"),
    ),
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
