"""REVERSE_V2 against the real runtimes: types, axes that are neighbours, and others."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree_in_types, refuses, tensor, values


def case(name, axes, shape=(1, 4, 6, 2), type="INT8", **more):
    inputs = (tensor("x", shape, type), values("axes", axes))
    return Case(name, "REVERSE_V2", inputs, (tensor("y", shape, type),), {}, **more)


CASES = (
    case("rows", (1,)),
    case("channels", (-1,)),
    case("rows and columns", (2, 1)),
    case("from the end", (-1, 2)),
    case("batch", (0,), (3, 4), samples=1),
    case("all", (0, 1), (3, 4), samples=1),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reverse_v2(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (1,), type=type), numerics)


@pytest.mark.parametrize("axes", [(1, 3), (1, 1), (4,), (-5,), ()], ids=str)
def test_refuses(axes):
    refuses(case("axes", axes), "litert")
