"""EXPAND_DIMS against the real runtimes: places of the new axis, a batch beside it, grids that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, constant, model_of
from tests.ops.movers import agree_in_types, tensor, values
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, axis, shape=(1, 4, 3), y=(0.1, 3), data=None, **more):
    """data: the axis as stored, where it is no scalar."""
    out = np.expand_dims(np.empty(shape), axis).shape
    inputs = (activation("x", shape, 0.1, 3), constant("axis", axis if data is None else data))
    return Case(name, "EXPAND_DIMS", inputs, (activation("y", out, *y),), {}, **more)


CASES = (
    case("after the batch", 1),
    case("inside", 2),
    case("last", -1),
    case("inside, from the end", -2),
    case("before the batch", 0),
    case("before the batch, from the end", -4),
    case("axis as a vector", 2, data=[2]),
    case("of a vector", 0, (7,)),
    case("other grid", 1, y=(0.2, -9), only=("tflm",)),
)

REFUSED = (
    (case("scale", 1, y=(0.2, 3)), "litert"),
    (case("zero point", 1, y=(0.1, 4)), "xnnpack"),
    (case("axis out of range", 1, data=4), "litert"),
    (case("two axes", 1, data=[1, 2]), "litert"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_expand_dims(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), REFUSED, ids=str)
def test_refuses(case, numerics):
    with pytest.raises(Unsupported, match="EXPAND_DIMS 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def case(type):
        inputs = (tensor("x", (1, 4, 6), type), values("axis", 1))
        return Case(type, "EXPAND_DIMS", inputs, (tensor("y", (1, 1, 4, 6), type),), {}, 1)

    agree_in_types(case, numerics)
