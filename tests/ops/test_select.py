"""SELECT against LiteRT: types, conditions of one shape with the operands, without axes, one for each slice."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, tensor


def case(name, condition=(1, 4, 6), a=(1, 4, 6), b=None, type="INT8", **more):
    b = a if b is None else b
    inputs = (tensor("c", condition, "BOOL"), tensor("a", a, type), tensor("b", b, type, (0.2, 1)))
    return Case(name, "SELECT", inputs, (tensor("y", a, type),), {}, only=LITERT_KERNELS, **more)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("condition", [(1, 4, 6), (1,)], ids=str)
def test_select(condition, numerics):
    check(case("select", condition), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("condition", [np.array(True), np.array(False), np.array([True, False, True])], ids=str)
def test_conditions_of_lower_rank(condition, numerics):
    a = np.arange(6, dtype=np.int8).reshape(3, 2)
    check(case("rank", condition.shape, (3, 2)), numerics, [condition, a, -a])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize(
    "shapes", [((1, 4, 1), (1, 4, 6)), ((4,), (1, 4, 6)), ((1, 4, 6), (1, 4, 6), (1, 1, 6))], ids=str
)
def test_refuses(shapes):
    refuses(case("shapes", *shapes), "litert")
