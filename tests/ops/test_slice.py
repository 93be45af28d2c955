"""SLICE against the real runtimes: types, blocks, scales that a runtime refuses, blocks outside the input."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, agree_in_types, refuses, tensor, values


def case(name, begin=(0, 1, 2), size=(1, 2, 4), type="INT8", shape=(1, 4, 6), y=(0.1, 0), index="INT32", **more):
    sizes = [total - b if s == -1 else s for total, b, s in zip(shape, begin, size, strict=False)]
    inputs = (tensor("x", shape, type), values("begin", begin, index), values("size", size, index))
    return Case(name, "SLICE", inputs, (tensor("y", np.abs(sizes), type, y),), {}, **more)


CASES = (
    case("block"),
    case("to the end", size=(1, -1, -1)),
    case("all of the batch", size=(-1, 2, 4)),
    case("everything", (0, 0, 0), (1, 4, 6)),
    case("64-bit operands", index="INT64"),
    case("first of two", (0, 1), (1, 2), shape=(2, 3)),
    case("second of two", (1, 1), (1, -1), shape=(2, 3)),
    case("vector", (2,), (3,), shape=(7,)),
    case("rank 5", (0, 1, 0, 1, 2), (1, 1, 2, -1, 3), shape=(1, 2, 3, 4, 5)),
    case("rank 6", (0, 1, 0, 1, 2, 0), (1, 1, 2, -1, 3, 1), shape=(1, 2, 3, 4, 5, 1), only=LITERT_KERNELS),
    case("other grid", size=(1, 2, -1), y=(0.2, 0)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_slice(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 1), None], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", type=type, y=y), numerics)


@pytest.mark.parametrize(
    ("begin", "size"),
    [
        ((0, 1, 2), (1, 4, 4)),
        ((0, -1, 2), (1, 2, 4)),
        ((0, 1, 2), (1, -2, 4)),
        ((0, 1), (1, 2)),
        ((0, 9, 0), (1, -1, 6)),
    ],
    ids=str,
)
def test_refuses(begin, size):
    refuses(case("outside", begin, size), "litert")
