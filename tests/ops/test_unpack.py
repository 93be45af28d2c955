"""UNPACK against the real runtimes: types, axes, scales that a runtime refuses, numbers of outputs."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree, agree_in_types, refuses, tensor


def case(name, axis=1, type="INT8", shape=(1, 3, 6), y=(0.1, 0), count=None, **more):
    out = [size for i, size in enumerate(shape) if i != axis % len(shape)]
    count = shape[axis] if count is None else count
    outputs = tuple(tensor(f"y{i}", out, type, y) for i in range(count))
    return Case(name, "UNPACK", (tensor("x", shape, type),), outputs, {"num": count, "axis": axis}, **more)


CASES = (
    case("second axis"),
    case("last axis", -1),
    case("batch", 0, shape=(3, 4), samples=1),
    case("vector", 0, shape=(4,), samples=1),
    case("rank 2", 1, shape=(1, 3)),
    case("rank 5", 2, shape=(1, 2, 3, 2, 2)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_unpack(case, numerics):
    check(case, numerics, None if case.outputs[0].shape else [np.arange(4, dtype=np.int8)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 1)], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", type=type, y=y), numerics)


@pytest.mark.parametrize("refused", [case("too few outputs", count=2), case("axis", 1, shape=(2, 2))], ids=str)
def test_refuses_another_number_of_outputs(refused):
    if refused.name == "axis":
        refused = Case("axis", "UNPACK", refused.inputs, refused.outputs, {"num": 2, "axis": 2})
    refuses(refused, "litert")
