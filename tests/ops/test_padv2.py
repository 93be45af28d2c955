"""PADV2 against the real runtimes: types, borders, constant and computed values, scales that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import SCALED, agree, agree_in_types, refuses, tensor, values

IMAGE = ((0, 0), (1, 2), (0, 1))


def case(name, type="INT8", paddings=IMAGE, value=7, x=(0.1, 3), v=(0.1, 3), y=(0.1, 3), shape=(1, 4, 6)):
    """x, v, y: scale and zero point of the input, the border's value (a constant unless None) and the output."""
    v = v if type in SCALED else None
    border = tensor("value", (), type, v) if value is None else values("value", value, type, v)
    out = [size + sum(pair) for size, pair in zip(shape, paddings, strict=False)]
    inputs = (tensor("x", shape, type, x), values("paddings", np.reshape(paddings, (-1, 2))), border)
    return Case(name, "PADV2", inputs, (tensor("y", out, type, y),), {}, version=2)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type, value=1), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize(
    "name, paddings", [("rows", IMAGE), ("batch", ((1, 0), (0, 0), (0, 2))), ("none", ((0, 0),) * 3)]
)
def test_borders(name, paddings, numerics):
    agree(case(name, paddings=paddings), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_value_of_each_run(numerics):
    x = np.arange(24, dtype=np.int8).reshape(1, 4, 6)
    for value in (-128, 5):
        check(case("computed", value=None), numerics, [x, np.array(value, np.int8)])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", SCALED)
@pytest.mark.parametrize(
    "grids", [{"v": (0.2, 3)}, {"v": (0.1, 4)}, {"y": (0.2, 3)}, {"y": (0.1, 4)}, {"x": (0.2, 3)}], ids=str
)
def test_grids(grids, type, numerics):
    agree(case("grids", type, **grids), numerics)


@pytest.mark.parametrize(
    "paddings", [((0, 0), (-1, 0), (0, 0)), ((0, 0), (1, 0)), ((0, 0), (0, 2**14), (0, 2**15))], ids=str
)
def test_refuses(paddings):
    refuses(case("misfit", paddings=paddings), "litert")
