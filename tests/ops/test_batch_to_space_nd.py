"""BATCH_TO_SPACE_ND against the real runtimes: types, blocks, crops, scales that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import SCALED, agree, agree_in_types, refuses, tensor, values


def case(name, block=(2, 3), crops=((0, 0), (0, 0)), shape=(6, 2, 2, 3), type="INT8", x=(0.1, 0), y=None):
    sizes = [size * b - sum(pair) for size, b, pair in zip(shape[1:-1], block, crops, strict=False)]
    out = [shape[0] // max(1, int(np.prod(block))), *(max(0, size) for size in sizes), shape[-1]]
    inputs = (tensor("x", shape, type, x), values("block", block), values("crops", crops))
    return Case(name, "BATCH_TO_SPACE_ND", inputs, (tensor("y", out, type, y or x),), {})


CASES = (
    case("blocks"),
    case("crops", (2, 2), ((1, 1), (0, 2)), (4, 3, 3, 2)),
    case("one axis", (3,), ((1, 1),), (3, 4, 2)),
    case("two samples", (2, 2), shape=(8, 2, 3, 1)),
    case("block of one", (1, 1), ((1, 0), (0, 0)), (1, 3, 2, 2)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_batch_to_space_nd(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (2, 2), ((1, 1), (0, 2)), (4, 3, 3, 2), type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", SCALED)
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 7)], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", type=type, y=y), numerics)


@pytest.mark.parametrize(
    ("block", "crops"),
    [((4, 2), ((0, 0), (0, 0))), ((0, 2), ((0, 0), (0, 0))), ((2, 3), ((-1, 0), (0, 0))), ((2, 3), ((3, 2), (0, 0)))],
    ids=str,
)
def test_refuses(block, crops):
    refuses(case("misfit", block, crops), "litert")
