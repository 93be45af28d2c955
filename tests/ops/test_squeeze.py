"""SQUEEZE against the real runtimes: named axes, all of size 1, and a batch beside them."""

import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tests.ops.movers import agree_in_types, tensor
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, shape, out, axes=(), y=(0.1, 3), **more):
    inputs = (activation("x", shape, 0.1, 3),)
    return Case(name, "SQUEEZE", inputs, (activation("y", out, *y),), {"squeeze_dims": axes}, **more)


CASES = (
    case("one axis", (1, 4, 1, 3), (1, 4, 3), (2,)),
    case("two axes", (1, 1, 1, 5), (1, 5), (1, 2)),
    case("negative axis", (1, 4, 1, 3), (1, 4, 3), (-2,)),
    case("the batch", (1, 4, 3), (4, 3), (0,)),
    case("all", (1, 4, 1, 3), (4, 3)),
    case("nothing to leave", (2, 3), (2, 3)),
    case("other grid", (1, 4, 1, 3), (1, 4, 3), (2,), y=(0.2, -9)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_squeeze(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("axes", [(1,), (4,), (-5,)], ids=str)
def test_refuses_axes(axes):
    with pytest.raises(Unsupported, match="SQUEEZE 'y'.*axes"):
        Interpreter(model_of(case("axes", (1, 4, 1, 3), (1, 4, 3), axes)))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def case(type):
        inputs = (tensor("x", (1, 4, 1, 6), type),)
        return Case(type, "SQUEEZE", inputs, (tensor("y", (1, 4, 6), type),), {"squeeze_dims": (2,)}, 1)

    agree_in_types(case, numerics)
