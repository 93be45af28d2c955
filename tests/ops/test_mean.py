"""MEAN against the real runtimes: axes, kept or not, counts, scales and ties."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, constant, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, shape=(1, 5, 7, 4), axes=(1, 2), x=(0.1, 3), y=(0.1, 3), *, keep=False, data=None, **more):
    """x, y: (scale, zero point). data: the axes as they are stored, where they differ from `axes`."""
    out = [1 if i in axes else size for i, size in enumerate(shape) if keep or i not in axes]
    inputs = (activation("x", shape, *x), constant("axes", axes if data is None else data))
    return Case(name, "MEAN", inputs, (activation("y", out, *y),), {"keep_dims": keep}, version=2, **more)


CASES = (
    case("image"),
    case("image, kept", keep=True),
    case("image, other scale", y=(0.07, -20)),
    case("last axis", axes=(3,)),
    case("one axis", axes=(1,), y=(0.03, 0)),
    case("all but the batch", axes=(1, 2, 3), keep=True),
    case("the batch", (3, 5, 2), (0,), samples=1),
    case("everything, kept", (2, 3, 4, 5), (0, 1, 2, 3), keep=True),
    case("negative axes", data=(-2, 1)),
    case("an axis twice", data=(1, 2, -3)),
    case("scalar axis", axes=(2,), data=2),
    case("ties over 2", (1, 2, 64), (1,), (0.5, 0), (0.5, 0)),
    case("ties over 4", (1, 2, 2, 64), (1, 2), (0.5, 0), (1.0, 5)),
    case("ties over 8, zero point", (1, 8, 64), (1,), (0.25, -3), (0.25, 7)),
    case("ties over 3", (1, 3, 64), (1,), (1.5, 0), (1.0, 0)),
    case("one element", (1, 1, 1, 64), (1, 2), (0.3, 5), (0.2, -5)),
    case("large count", (1, 41, 39, 3), samples=2),
    case("output finer", y=(0.004, 0)),
    case("output much coarser", y=(11.0, 0)),
    case("rank 2", (1, 65), (1,), keep=True),
    case("rank 5", (1, 2, 3, 4, 5), (2, 3)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_mean(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("data", [np.zeros(0), (4,), (-5,)], ids=str)
def test_refuses_axes(data):
    with pytest.raises(Unsupported, match="MEAN 'y'.*ax"):
        Interpreter(model_of(case("axes", data=data)), numerics="xnnpack")
