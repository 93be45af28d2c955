"""DYNAMIC_UPDATE_SLICE against the real runtimes: types, beginnings outside and of each run, batches."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, tensor, values


def case(name, begin=(0, 1, 2), update=(1, 2, 3), shape=(1, 4, 6), type="INT8", index="INT32", **more):
    start = tensor("b", (len(shape),), index) if begin is None else values("b", begin, index)
    inputs = (tensor("x", shape, type), tensor("u", update, type, (0.2, 1)), start)
    return Case(name, "DYNAMIC_UPDATE_SLICE", inputs, (tensor("y", shape, type),), {}, **more)


CASES = (
    case("block"),
    case("everything", (0, 0, 0), (1, 4, 6)),
    case("before the beginning", (-5, -1, -9)),
    case("behind the end", (7, 9, 2**31 - 1)),
    case("far outside", (0, 2**40, -(2**40)), index="INT64"),
    case("one sample of two", (1, 0), (1, 3), (2, 3), samples=1),
    case("rank 5", (0, 1, 0, 1, 1), (1, 1, 2, 1, 1), (1, 2, 3, 2, 2)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_dynamic_update_slice(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_beginnings_of_a_run(numerics):
    x, update = np.zeros((1, 4, 6), np.int8), np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    for begin in ((0, 0, 0), (0, 2, 3), (1, 3, 9)):
        check(case("computed", None), numerics, [x, update, np.array(begin, np.int32)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("update", [(1, 5, 6), (1, 4)], ids=str)
def test_refuses(update):
    refuses(case("misfit", update=update), "litert")


def test_rank_7():
    seven = case("rank 7", (0,) * 7, (1,) * 7, (1,) * 7)
    for numerics in LITERT_KERNELS:
        check(seven, numerics)
    refuses(seven, "tflm")
