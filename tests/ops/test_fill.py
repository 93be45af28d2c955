"""FILL against the real runtimes: types, values of each run, scales that a runtime refuses, shapes that it refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import SCALED, TYPES, agree, refuses, tensor, values
from tfq.tflite import NUMPY_TYPES


def case(name, shape=(2, 3), type="INT8", index="INT32", x=(0.1, 0), y=(0.1, 0)):
    inputs = (values("shape", shape, index), tensor("v", (), type, x))
    return Case(name, "FILL", inputs, (tensor("y", [max(0, size) for size in shape], type, y),))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    for type in TYPES:
        if not (numerics == "tflm" and type == "UINT16"):
            agree(case(type, type=type), numerics, [np.array(1, NUMPY_TYPES[type])])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize(("shape", "index"), [((4,), "INT64"), ((1, 2, 3, 2, 1), "INT32")], ids=str)
def test_shapes(shape, index, numerics):
    check(case("shapes", shape, index=index), numerics, [np.array(-7, np.int8)])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", SCALED)
@pytest.mark.parametrize(("x", "y"), [((0.1, 0), (0.2, 0)), ((0.1, 0), (0.1, 1)), ((0.1, 3), (0.1, 3))], ids=str)
def test_grids(x, y, type, numerics):
    agree(case("grids", type=type, x=x, y=y), numerics, [np.array(5, NUMPY_TYPES[type])])


@pytest.mark.parametrize("shape", [(2, -1), (2**14, 2**15)], ids=str)
def test_refuses(shape):
    refuses(case("misfit", shape), "litert")
