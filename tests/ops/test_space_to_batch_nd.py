"""SPACE_TO_BATCH_ND against the real runtimes: types, blocks, borders, scales that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, SCALED, agree, agree_in_types, refuses, tensor, values


def case(name, block=(2, 3), paddings=((0, 0), (0, 0)), shape=(1, 4, 6, 2), type="INT8", x=(0.1, 0), y=None, **more):
    sizes = [size + sum(pair) for size, pair in zip(shape[1:-1], paddings, strict=False)]
    out = [shape[0] * int(np.prod(block)), *(s // b for s, b in zip(sizes, block, strict=False)), shape[-1]]
    inputs = (tensor("x", shape, type, x), values("block", block), values("paddings", paddings))
    return Case(name, "SPACE_TO_BATCH_ND", inputs, (tensor("y", out, type, y or x),), {}, **more)


CASES = (
    case("blocks"),
    case("border", (2, 2), ((1, 1), (0, 2)), x=(0.1, 5), only=LITERT_KERNELS),
    case("one axis", (3,), ((1, 1),), (1, 4, 2), only=LITERT_KERNELS),
    case("one axis, no border", (3,), ((0, 0),), (1, 6, 2)),
    case("two samples", (2, 2), shape=(2, 4, 6, 1)),
    case("block of one", (1, 1)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_space_to_batch_nd(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (2, 2), type=type), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_borders_of_all_types(numerics):
    agree_in_types(lambda type: case(type, (2, 2), ((1, 1), (0, 2)), type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", SCALED)
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 7)], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", (2, 2), type=type, y=y), numerics)


@pytest.mark.parametrize(
    ("block", "paddings"),
    [((3, 2), ((0, 0), (0, 0))), ((0, 2), ((0, 0), (0, 0))), ((2, 2), ((-2, 0), (0, 0))), ((2,), ((0, 0),))],
    ids=str,
)
def test_refuses(block, paddings):
    one = case("misfit")
    inputs = (one.inputs[0], values("block", block), values("paddings", paddings))
    refuses(Case("misfit", "SPACE_TO_BATCH_ND", inputs, one.outputs), "litert")


def test_tflm_has_no_value_for_a_border():
    refuses(case("border", (2, 2), ((1, 1), (0, 2))), "tflm")
