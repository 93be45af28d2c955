"""RANK against LiteRT: every type, ranks from none to six."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import TYPES, agree, tensor
from tfq.tflite import NUMPY_TYPES


def case(name, type="INT8", shape=(1, 4, 6)):
    return Case(name, "RANK", (tensor("x", shape, type),), (tensor("y", (), "INT32"),))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    for type in TYPES:
        if not (numerics == "tflm" and type == "UINT16"):
            agree(case(type, type), numerics, [np.zeros((1, 4, 6), NUMPY_TYPES[type])])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 3, 4, 5, 6)], ids=str)
def test_ranks(shape, numerics):
    agree(case("ranks", shape=shape), numerics, [np.zeros(shape, np.int8)])
