"""SPLIT against the real runtimes: types, axes, numbers of parts, scales that a runtime refuses."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree, agree_in_types, refuses, tensor, values


def case(name, axis=1, parts=2, type="INT8", shape=(1, 4, 6), y=(0.1, 0), **more):
    out = [size // parts if i == axis % len(shape) else size for i, size in enumerate(shape)]
    outputs = tuple(tensor(f"y{i}", out, type, y) for i in range(parts))
    return Case(name, "SPLIT", (values("axis", axis), tensor("x", shape, type)), outputs, {"num_splits": parts}, **more)


CASES = (
    case("halves"),
    case("last axis", -1, 3),
    case("one part", parts=1),
    case("six parts", 2, 6),
    case("batch", 0, 2, shape=(2, 3), samples=1),
    case("vector", 0, 2, shape=(4,), samples=1),
    case("rank 5", 3, 2, shape=(1, 2, 3, 4, 5)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_split(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("parts", [2, 6])
def test_types(parts, numerics):
    agree_in_types(lambda type: case(type, 2, parts, type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("parts", [1, 2, 6])
def test_grids(parts, type, numerics):
    agree(case("grids", 2, parts, type, y=(0.2, 0)), numerics)


@pytest.mark.parametrize("refused", [case("uneven", 1, 3), case("axis", 3), case("axis", -4)], ids=str)
def test_refuses(refused):
    refuses(refused, "litert")
