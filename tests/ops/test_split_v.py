"""SPLIT_V against the real runtimes: types, sizes, -1 for the rest, sizes that do not fill the axis."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree, agree_in_types, refuses, tensor, values


def case(name, sizes=(1, 3), axis=1, type="INT8", shape=(1, 4, 6), y=(0.1, 0), **more):
    rest = shape[axis] - sum(size for size in sizes if size != -1)
    outputs = [[*shape[:axis], rest if size == -1 else size, *shape[axis + 1 :]] for size in sizes]
    inputs = (tensor("x", shape, type), values("sizes", sizes), values("axis", axis))
    tensors = tuple(tensor(f"y{i}", [max(0, s) for s in out], type, y) for i, out in enumerate(outputs))
    return Case(name, "SPLIT_V", inputs, tensors, {"num_splits": len(sizes)}, **more)


CASES = (
    case("one and three"),
    case("the rest", (2, -1, 1), 2),
    case("one part", (4,)),
    case("batch", (1, 2), 0, shape=(3, 2), samples=1),
    case("rank 5", (1, 3), 3, shape=(1, 2, 3, 4, 5)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_split_v(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_looks_at_no_scale(numerics):
    agree(case("grids", y=(0.2, 1)), numerics)


@pytest.mark.parametrize("sizes", [(1, 2), (3, 3), (-1, -1), (5, -1), (-2, 6)], ids=str)
def test_refuses(sizes):
    refuses(case("misfit", sizes), "litert")
