"""ELU against the real runtimes: all codes, halves, fine and coarse output grids."""

import numpy as np
import pytest

from tests.ops.elements import check_close, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def elu(name, x, y, type="INT8"):
    """x, y: (scale, zero point)."""
    shape = (1, 256)
    return Case(name, "ELU", (activation("x", shape, *x, type),), (activation("y", shape, *y, type),))


CASES = (
    elu("plain", (0.05, 3), (0.03, -90)),
    elu("halves", (0.25, -20), (0.5, -100)),
    elu("near zero", (2.0**-12, 5), (2.0**-13, 0)),
    elu("fine output", (2.0**-20, 5), (2.0**-24, 0)),
    elu("steep", (3.7, 100), (1 / 128, 0)),
)


@pytest.mark.parametrize("numerics", ("xnnpack", "tflm"))
@pytest.mark.parametrize("case", CASES, ids=str)
def test_elu(case, numerics):
    check(case, numerics, [np.arange(-128, 128, dtype=np.int8).reshape(1, -1)])


@pytest.mark.parametrize("numerics", ("xnnpack", "tflm"))
def test_real(numerics):
    check_close(element("ELU", "real", type="FLOAT32"), numerics, [reals((1, 5, 6, 7), 20.0)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_refusals(numerics):
    case = elu("unsigned", (0.1, 0), (0.1, 0), "UINT8") if numerics != "litert" else CASES[0]
    with pytest.raises(Unsupported, match="has no kernel" if numerics == "litert" else "input type must be"):
        Interpreter(model_of(case), numerics=numerics)
