"""ARG_MAX against the real runtimes: types, axes, ties, an axis computed in each run."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, check_alone, refuses, tensor, values


def case(name, axis=2, shape=(1, 4, 9), type="INT8", y="INT32", code="ARG_MAX", index="INT32", **more):
    out = [size for i, size in enumerate(shape) if i != axis % len(shape)]
    inputs = (tensor("x", shape, type), values("axis", axis, index))
    return Case(name, code, inputs, (tensor("y", out, y),), {"output_type": y}, **more)


CASES = (
    case("last axis"),
    case("last axis from the end", -1),
    case("middle axis", 1),
    case("rank 2", 1, (1, 10)),
    case("image", 3, (1, 3, 4, 5)),
    case("batch", 0, (3, 4), samples=1),
    case("64-bit output", y="INT64", only=LITERT_KERNELS),
    case("64-bit axis", index="INT64", only=LITERT_KERNELS),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_arg_max(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "FLOAT32"])
def test_ties(type, numerics):
    x = np.random.default_rng(0).integers(0, 3, (4, 4, 33)).astype("int8" if type == "INT8" else "float32")
    check(case("ties", shape=(1, 4, 33), type=type), numerics, [x])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_axis_of_a_run(numerics):
    x, y = tensor("x", (1, 4, 9)), tensor("y", (1, 4), "INT32")
    computed = Case("computed", "ARG_MAX", (x, tensor("axis", (), "INT32")), (y,), {"output_type": "INT32"})
    data = np.arange(36, dtype=np.int8).reshape(1, 4, 9)
    for axis in (0, 1, 2):
        check_alone(computed, numerics, [data, np.array(axis, np.int32)])


def test_refuses():
    refuses(case("axis", -1, (1, 0)), "litert")
    refuses(Case("axis", "ARG_MAX", (tensor("x", (1, 3)), values("axis", 2)), (tensor("y", (1,), "INT32"),)), "litert")
