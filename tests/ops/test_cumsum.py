"""CUMSUM against the real runtimes: directions, axes, float32 sums in order, integers that wrap, int8 in tflm."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, agree_in_types, refuses, tensor, values


def case(name, axis=1, type="FLOAT32", shape=(1, 12, 3), exclusive=False, reverse=False, x=(0.1, 3), y=(0.5, -4)):
    inputs = (tensor("x", shape, type, x), values("axis", axis))
    options = {"exclusive": exclusive, "reverse": reverse}
    return Case(name, "CUMSUM", inputs, (tensor("y", shape, type, y),), options)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [1, -1, 2])
def test_directions(axis, reverse, exclusive, numerics):
    rng = np.random.default_rng(axis + 5)
    x = (rng.normal(0, 1, (4, 12, 3)) * 10.0 ** rng.integers(-3, 4, (4, 12, 3))).astype(np.float32)
    check(case("directions", axis, exclusive=exclusive, reverse=reverse), numerics, [x])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("type", ["INT32", "INT64"])
def test_integers_wrap(type, numerics):
    check(case("wrap", type=type), numerics)


@pytest.mark.parametrize(
    "x, y", [((0.1, 3), (0.5, -4)), ((0.1, 0), (0.1, 0)), ((0.25, -128), (1.0, 10)), ((0.3, 127), (0.05, 0))]
)
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_int8_of_tflm(reverse, exclusive, x, y):
    for axis in (1, 2):
        check(case("int8", axis, "INT8", (1, 20, 5), exclusive, reverse, x, y), "tflm")


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type, y=(0.5, 4)), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_first_axis(numerics):
    agree(case("batch", 0, shape=(5, 3)), numerics, [np.arange(15, dtype=np.float32).reshape(5, 3)])


def test_refuses_an_axis_outside():
    refuses(case("axis", 3), "litert")
