"""MIRROR_PAD against the real runtimes: types, modes, borders as wide as they may be, scales that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import SCALED, agree, agree_in_types, refuses, tensor, values


def case(name, paddings, mode="REFLECT", type="INT8", shape=(1, 4, 6), y=(0.1, 0)):
    out = [size + sum(pair) for size, pair in zip(shape, paddings, strict=False)]
    inputs = (tensor("x", shape, type), values("paddings", np.reshape(paddings, (-1, 2))))
    return Case(name, "MIRROR_PAD", inputs, (tensor("y", out, type, y),), {"mode": mode})


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC"])
def test_types(mode, numerics):
    agree_in_types(lambda type: case(type, ((0, 0), (1, 2), (0, 1)), mode, type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize(
    ("mode", "paddings"),
    [
        ("REFLECT", ((0, 0), (3, 3), (5, 5))),
        ("SYMMETRIC", ((0, 0), (4, 4), (6, 6))),
        ("SYMMETRIC", ((1, 1), (0, 0), (0, 1))),
        ("REFLECT", ((0, 0), (0, 0), (0, 0))),
    ],
    ids=str,
)
def test_borders(mode, paddings, numerics):
    agree(case("borders", paddings, mode), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", SCALED)
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 1)], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", ((0, 0), (1, 2), (0, 1)), type=type, y=y), numerics)


@pytest.mark.parametrize(
    ("mode", "paddings"),
    [
        ("REFLECT", ((0, 0), (4, 0), (0, 0))),
        ("SYMMETRIC", ((0, 0), (0, 5), (0, 0))),
        ("REFLECT", ((1, 0), (0, 0), (0, 0))),
    ],
    ids=str,
)
def test_refuses_a_border_wider_than_the_inside(mode, paddings):
    for numerics in ("litert", "xnnpack"):
        agree(case("wide", paddings, mode), numerics)
    refuses(case("wide", paddings, mode), "tflm")
