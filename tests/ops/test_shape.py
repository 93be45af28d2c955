"""SHAPE against the real runtimes: every type, both types of the output, ranks from none to six."""

import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import agree, agree_in_types, tensor


def case(name, type="INT8", shape=(1, 4, 6), y="INT32"):
    return Case(name, "SHAPE", (tensor("x", shape, type),), (tensor("y", (len(shape),), y),), {"out_type": y})


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("y", ["INT32", "INT64"])
def test_types(y, numerics):
    def one(type):
        return case(type, type, (2, 4, 6), y)

    agree_in_types(one, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("shape", [(3,), (2, 1), (1, 2, 3, 4, 5, 6)], ids=str)
def test_ranks(shape, numerics):
    import numpy as np

    agree(case("ranks", shape=shape), numerics, [np.zeros(shape, np.int8)])
