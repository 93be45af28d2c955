"""SELECT_V2 against the real runtimes: types, shapes that broadcast, scales that are not looked at."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree_in_types, refuses, tensor


def case(name, condition=(1, 4, 6), a=(1, 4, 6), b=(1, 4, 6), y=(1, 4, 6), type="INT8", **more):
    inputs = (tensor("c", condition, "BOOL"), tensor("a", a, type), tensor("b", b, type, (0.2, 1)))
    return Case(name, "SELECT_V2", inputs, (tensor("y", y, type),), {}, **more)


CASES = (
    case("one shape"),
    case("condition broadcasts", (1, 4, 1)),
    case("all broadcast", (1, 4, 1), (1, 1, 6), (1, 1, 1)),
    case("rank 5", (1, 2, 1, 2, 1), (1, 1, 2, 1, 2), (1, 1, 1, 1, 1), (1, 2, 2, 2, 2)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_select_v2(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


def test_refuses_shapes_that_do_not_broadcast():
    refuses(case("shapes", (1, 3, 6)), "litert")
