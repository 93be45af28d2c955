"""TRANSPOSE against the real runtimes: permutations, the batch that moves, grids and ranks that a runtime refuses."""

import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, constant, model_of
from tests.ops.movers import agree_in_types, tensor, values
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, permutation, shape=(1, 3, 4, 5), y=(0.1, 3), data=None, **more):
    """data: the permutation as stored, where it differs."""
    out = [shape[axis] for axis in permutation]
    inputs = (activation("x", shape, 0.1, 3), constant("permutation", permutation if data is None else data))
    return Case(name, "TRANSPOSE", inputs, (activation("y", out, *y),), {}, version=2, **more)


CASES = (
    case("channels first", (0, 3, 1, 2)),
    case("channels last", (0, 2, 3, 1)),
    case("image turned", (0, 2, 1, 3)),
    case("nothing", (0, 1, 2, 3)),
    case("negative axes", (0, 3, 2, 1), data=(0, -1, -2, -3), only=("litert", "xnnpack")),
    case("rows", (0, 2, 1), (1, 6, 7)),
    case("rank 2, batch moves", (1, 0), (1, 7)),
    case("batch moves", (1, 0, 2), (2, 3, 4), samples=1),
    case("rank 5", (0, 4, 2, 3, 1), (1, 2, 3, 4, 5)),
    case("rank 6", (0, 5, 1, 4, 2, 3), (1, 2, 3, 2, 3, 2), only=("litert", "xnnpack")),
    case("other grid", (0, 3, 1, 2), y=(0.2, -9), only=("litert", "tflm")),
)

REFUSED = (
    (case("other grid", (0, 3, 1, 2), y=(0.2, 3)), "xnnpack"),
    (case("an axis twice", (0, 1, 1, 2)), "litert"),
    (case("an axis too many", (0, 1, 2, 3), data=(0, 1, 2, 4)), "litert"),
    (case("too short", (0, 1, 2, 3), data=(0, 1, 2)), "litert"),
    (case("negative axes", (0, 3, 2, 1), data=(0, -1, -2, -3)), "tflm"),
    (case("rank 6", (0, 5, 1, 4, 2, 3), (1, 2, 3, 2, 3, 2)), "tflm"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_transpose(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), REFUSED, ids=str)
def test_refuses(case, numerics):
    with pytest.raises(Unsupported, match="TRANSPOSE 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def case(type):
        inputs = (tensor("x", (1, 4, 6), type), values("permutation", (0, 2, 1)))
        return Case(type, "TRANSPOSE", inputs, (tensor("y", (1, 6, 4), type),), {}, 1)

    agree_in_types(case, numerics)
