"""TILE against LiteRT: types, multipliers of each axis, none at all, negative and enormous ones."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, tensor, values


def case(name, times, shape=(1, 4, 6), type="INT8", index="INT32", **more):
    inputs = (tensor("x", shape, type), values("times", times, index))
    out = [abs(size * n) for size, n in zip(shape, times, strict=False)]
    return Case(name, "TILE", inputs, (tensor("y", out, type),), {}, only=LITERT_KERNELS, **more)


CASES = (
    case("rows", (1, 2, 1)),
    case("rows and columns", (1, 2, 3)),
    case("batch", (2, 1, 1), samples=1),
    case("two samples", (2, 2), shape=(2, 3), samples=1),
    case("64-bit", (1, 1, 2), index="INT64"),
    case("rank 5", (1, 2, 1, 2, 1), shape=(1, 2, 3, 1, 2)),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_tile(case, numerics):
    check(case, numerics)


def test_nothing():
    check(case("nothing", (1, 0, 1)), "litert", [np.zeros((1, 4, 6), np.int8)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (1, 2, 1), type=type), numerics)


@pytest.mark.parametrize("times", [(1, -1, 1), (1, 2), (1, 2**15, 2**9)], ids=str)
def test_refuses(times):
    refuses(case("misfit", times), "litert")
