"""HARD_SWISH against the real runtimes: all codes over the range of scales; scales that the kernel cannot shift."""

import numpy as np
import pytest

from tests.ops.elements import check_close, element, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def hard_swish(name, x=(0.05, 3), y=(0.03, -110), type="INT8"):
    """x, y: (scale, zero point)."""
    shape = (1, 256)
    only = ("litert", "xnnpack") if type == "UINT8" else RUNTIMES
    return Case(name, "HARD_SWISH", (activation("x", shape, *x, type),), (activation("y", shape, *y, type),), only=only)


CASES = (
    hard_swish("plain"),
    *(hard_swish(f"power of two, 2**{p}", x=(2.0**p, -1), y=(2.0 ** (p - 1), -100)) for p in (-12, -7, -6, -5, -4, 0)),
    hard_swish("equal grids", x=(0.0234, -128), y=(0.0234, -128)),
    hard_swish("fine output", x=(0.05, 0), y=(0.000395, 0)),
    hard_swish("coarse output", x=(0.05, 0), y=(20.0, 0)),
    hard_swish("small", x=(3e-6, 0), y=(2e-6, 0)),
    hard_swish("large", x=(300.0, 0), y=(70.0, 0)),
    hard_swish("unsigned", x=(0.05, 130), y=(0.03, 12), type="UINT8"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_hard_swish(case, numerics):
    codes = np.arange(256, dtype=np.uint8).view(case.inputs[0].dtype)
    check(case, numerics, [codes.reshape(1, -1)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    check_close(element("HARD_SWISH", "real", type="FLOAT32"), numerics, [reals((1, 5, 6, 7), 20.0)])


@pytest.mark.parametrize(
    "case",
    (
        hard_swish("too fine", x=(1.0, 0), y=(1 / 128, 0)),
        hard_swish("too coarse", x=(0.01, 0), y=(6.0, 0)),
        hard_swish("too small", x=(1e-7, 0), y=(1e-7, 0)),
        hard_swish("too large", x=(400.0, 0), y=(400.0, 0)),
    ),
    ids=str,
)
def test_refusals(case):
    with pytest.raises(Unsupported, match="input scale must be in"):
        Interpreter(model_of(case))
