"""PAD against the real runtimes: borders, the zero point that fills them, grids and ranks that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, constant, model_of
from tests.ops.movers import agree_in_types, tensor, values
from tfq import Unsupported
from tfq.interpreter import Interpreter

IMAGE = ((0, 0), (1, 2), (3, 0), (0, 0))


def case(name, shape=(1, 4, 5, 3), paddings=IMAGE, x=(0.1, 3), y=None, **more):
    """x, y: (scale, zero point), y as x unless given."""
    out = [size + sum(pair) for size, pair in zip(shape, paddings, strict=False)]
    inputs = (activation("x", shape, *x), constant("paddings", np.reshape(paddings, (-1, 2))))
    return Case(name, "PAD", inputs, (activation("y", out, *(x if y is None else y)),), {}, version=2, **more)


CASES = (
    case("image"),
    case("channels", paddings=((0, 0), (0, 0), (0, 0), (2, 3))),
    case("nothing", paddings=((0, 0),) * 4),
    case("zero point at the end", x=(0.1, -128)),
    case("rows", (1, 7), ((0, 0), (1, 1))),
    case("rank 5", (1, 2, 3, 2, 3), ((0, 0), (1, 0), (0, 1), (2, 0), (0, 2))),
    case("batch", (2, 3, 4), ((1, 2), (0, 1), (0, 0)), samples=1),
    case("other grid", y=(0.2, -9), only=("litert", "tflm")),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pad(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(
    ("refused", "numerics"),
    [
        (case("other grid", y=(0.2, 3)), "xnnpack"),
        (case("negative", paddings=((0, 0), (-1, 2), (0, 0), (0, 0))), "litert"),
        (case("too few pairs", paddings=((0, 0), (1, 1))), "litert"),
        (case("rank 6", (1, 1, 1, 1, 1, 1), ((0, 1),) * 6), "litert"),
        (case("rank 6", (1, 1, 1, 1, 1, 1), ((0, 1),) * 6), "tflm"),
    ],
    ids=str,
)
def test_refuses(refused, numerics):
    with pytest.raises(Unsupported, match="PAD 'y'"):
        Interpreter(model_of(refused), numerics=numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def case(type):
        grid = (0.1, 3)
        inputs = (tensor("x", (1, 4, 6), type, grid), values("paddings", ((0, 0), (1, 2), (0, 1))))
        return Case(type, "PAD", inputs, (tensor("y", (1, 7, 7), type, grid),), {}, 1)

    agree_in_types(case, numerics)
