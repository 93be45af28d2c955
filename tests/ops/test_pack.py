"""PACK against the real runtimes: types, axes, constants, scales that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree, agree_in_types, refuses, tensor, values


def case(name, axis=1, count=2, type="INT8", shape=(1, 4, 6), y=(0.1, 0), first=None, **more):
    inputs = [tensor(f"x{i}", shape, type) for i in range(count)]
    if first is not None:
        inputs[0] = first
    out = list(shape)
    out.insert(axis % (len(shape) + 1), count)
    options = {"values_count": count, "axis": axis}
    return Case(name, "PACK", tuple(inputs), (tensor("y", out, type, y),), options, **more)


CASES = (
    case("second axis"),
    case("last axis", -1, 3),
    case("first axis", 0),
    case("one", 1, 1),
    case("scalars", 0, 3, "INT32", ()),
    case("a constant", first=values("c", np.arange(24).reshape(1, 4, 6), "INT8", (0.1, 0))),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pack(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 1)], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", type=type, y=y), numerics)


@pytest.mark.parametrize("refused", [case("axis", 4), case("axis", -5)], ids=str)
def test_refuses_an_axis(refused):
    refuses(refused, "litert")


def test_refuses_shapes_that_differ():
    refuses(case("shapes", first=tensor("x0", (1, 4, 5))), "litert")
