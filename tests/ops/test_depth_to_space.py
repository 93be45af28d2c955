"""DEPTH_TO_SPACE against the real runtimes: types, blocks, scales that a runtime refuses."""

import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import agree, agree_in_types, refuses, tensor


def case(name, block=2, shape=(1, 2, 3, 8), type="INT8", y=(0.1, 0)):
    n, h, w, c = shape
    out = (n, h * block, w * block, c // block // block)
    return Case(
        name, "DEPTH_TO_SPACE", (tensor("x", shape, type),), (tensor("y", out, type, y),), {"block_size": block}
    )


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("block, shape", [(2, (1, 2, 3, 8)), (3, (1, 2, 1, 18)), (1, (1, 2, 3, 4))])
def test_depth_to_space(block, shape, numerics):
    check(case("blocks", block, shape), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("block", [1, 2])
def test_types(block, numerics):
    agree_in_types(lambda type: case(type, block, type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("block", [1, 2])
@pytest.mark.parametrize("type", ["INT8", "UINT8"])
def test_grids(type, block, numerics):
    agree(case("grids", block, type=type, y=(0.2, 0)), numerics)


def test_refuses_channels_that_blocks_do_not_take_up():
    refuses(case("odd", 2, (1, 2, 3, 6)), "litert")
