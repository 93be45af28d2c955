"""BROADCAST_TO against the real runtimes: types, new axes, ranks, shapes that do not fit."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, tensor, values


def case(name, shape, to, type="INT8", index="INT32", **more):
    inputs = (tensor("x", shape, type), values("shape", to, index))
    return Case(name, "BROADCAST_TO", inputs, (tensor("y", to, type),), {}, version=2, **more)


CASES = (
    case("rows", (1, 1, 6), (1, 4, 6)),
    case("nothing", (1, 4, 6), (1, 4, 6)),
    case("batch", (1, 4), (3, 4), samples=1),
    case("new axes", (3, 1), (2, 1, 3, 4), samples=1),
    case("64-bit", (1, 1, 6), (1, 2, 6), index="INT64"),
    case("rank 5", (1, 2, 1, 3, 1), (1, 2, 2, 3, 2)),
    case("rank 8", (1,) * 8, (1, 2) * 4, only=LITERT_KERNELS),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_broadcast_to(case, numerics):
    inputs = None
    if case.name == "new axes":
        import numpy as np

        inputs = [np.arange(3, dtype=np.int8).reshape(3, 1)]
    check(case, numerics, inputs)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (1, 1, 6), (1, 4, 6), type), numerics)


@pytest.mark.parametrize(
    ("shape", "to"), [((1, 2, 6), (1, 4, 6)), ((1, 4, 6), (4, 6)), ((1, 1), (2**15, 2**14))], ids=str
)
def test_refuses(shape, to):
    refuses(case("misfit", shape, to), "litert")


def test_tflm_takes_five_axes():
    refuses(case("rank 6", (1,) * 6, (1,) * 6), "tflm")
