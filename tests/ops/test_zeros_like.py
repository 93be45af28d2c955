"""ZEROS_LIKE against the real runtimes: types, and a zero point that is not looked at."""

import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import agree, agree_in_types, tensor


def case(name, type="INT8", grid=(0.1, 0)):
    shape = (1, 4, 6)
    return Case(name, "ZEROS_LIKE", (tensor("x", shape, type, grid),), (tensor("y", shape, type, grid),))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_zero_point(numerics):
    agree(case("zero point", grid=(0.1, 5)), numerics)
