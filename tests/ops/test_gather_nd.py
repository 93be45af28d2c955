"""GATHER_ND against the real runtimes: types, how many axes are addressed, indices of each run, indices outside."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, refuses_values, tensor, values


def case(name, indices, type="INT8", shape=(1, 4, 6), index="INT32", x=None, **more):
    picked = indices if hasattr(indices, "shape_signature") else values("i", indices, index)
    out = [*picked.shape[:-1], *shape[picked.shape[-1] :]]
    inputs = (tensor("x", shape, type) if x is None else x, picked)
    return Case(name, "GATHER_ND", inputs, (tensor("y", out, type),), {}, samples=1, **more)


CASES = (
    case("slices", ((0, 2), (0, 1), (0, 2))),
    case("cells", ((0, 2, 5), (0, 0, 0))),
    case("one axis", ((0,), (0,))),
    case("a table", (((0, 2), (0, 1)), ((0, 3), (0, 0)))),
    case("one", (0, 3)),
    case("16-bit indices", ((0, 2),), index="INT16", only=LITERT_KERNELS),
    case("64-bit indices", ((0, 2),), index="INT64", only=LITERT_KERNELS),
)
TABLE = values("x", np.arange(30).reshape(5, 6), "INT8", (0.1, 0))


def one_sample(case):
    return [
        np.random.default_rng(0).integers(-128, 128, t.shape).astype(t.dtype) for t in case.inputs if t.data is None
    ]


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gather_nd(case, numerics):
    check(case, numerics, one_sample(case))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_cells_of_a_table(numerics):
    picked = np.asarray([[[1, 5], [4, 0]], [[0, 0], [2, 2]]], np.int32)
    check(case("table", tensor("i", (1, 2, 2), "INT32"), shape=(5, 6), x=TABLE), numerics, [picked])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, ((0, 2), (0, 1)), type, shape=(2, 4, 6)), numerics)


@pytest.mark.parametrize("indices", [((0, 4),), ((0, -1),), ((0, 0, 0, 0),)], ids=str)
def test_refuses(indices):
    refuses(case("outside", indices), "litert")


def test_refuses_indices_of_a_run():
    refuses_values(
        case("outside", tensor("i", (1, 2), "INT32"), shape=(5, 6), x=TABLE), [np.array([[0, -1]], np.int32)]
    )
