"""ADD_N against the real runtimes: the order of float32 sums, and TFLite Micro's int8."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check, model_of
from tests.ops.pairs import operand
from tfq import Unsupported
from tfq.interpreter import Interpreter

SHAPE = (1, 5, 6)


def case(name, count, type="FLOAT32", x=(0.1, 0), y=(0.2, 0), shapes=(), **more):
    shapes = shapes or (SHAPE,) * count
    inputs = tuple(operand(f"x{i}", shape, type, *x) for i, shape in enumerate(shapes))
    return Case(name, "ADD_N", inputs, (operand("y", SHAPE, type, *y),), **more)


CASES = (
    case("two", 2),
    case("five", 5),
    case("int32", 3, "INT32", only=("litert", "xnnpack")),
    case("int8", 3, "INT8", (0.1, 5), (0.2, -3), only=("tflm",)),
    case("int8 ties", 2, "INT8", (0.5, 0), (1.0, 0), only=("tflm",)),
    case("int8 fine output", 4, "INT8", (0.1, -128), (0.02, 127), only=("tflm",)),
)
REFUSED = (
    (case("int8", 2, "INT8"), ("litert", "xnnpack")),
    (case("int32", 2, "INT32"), ("tflm",)),
    (case("one", 1), RUNTIMES),
    (case("unlike", 2, shapes=(SHAPE, (1, 1, 6))), RUNTIMES),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_add_n(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="ADD_N 'y'"):
        Interpreter(model_of(case), numerics=numerics)


def test_int8_inputs_must_share_a_grid():
    apart = (operand("a", SHAPE, "INT8", 0.1, 0), operand("b", SHAPE, "INT8", 0.1, 1))
    with pytest.raises(Unsupported, match="share scale"):
        Interpreter(model_of(Case("apart", "ADD_N", apart, (operand("y", SHAPE, "INT8", 0.1, 0),))), numerics="tflm")
