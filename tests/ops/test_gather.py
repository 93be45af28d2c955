"""GATHER against the real runtimes: types, axes, batch dimensions, indices of each run, indices outside."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, agree_in_types, refuses, refuses_values, tensor, values


def case(name, indices=(2, 0), axis=1, batch_dims=0, type="INT8", shape=(1, 4, 6), index="INT32", x=None, **more):
    """indices: constant values, or the shape of computed ones as a string."""
    computed = isinstance(indices, str)
    picked = tensor("i", eval(indices), index) if computed else values("i", indices, index)
    out = [*shape[: axis % len(shape)], *picked.shape[batch_dims:], *shape[axis % len(shape) + 1 :]]
    inputs = (tensor("x", shape, type) if x is None else x, picked)
    options = {"axis": axis, "batch_dims": batch_dims}
    return Case(name, "GATHER", inputs, (tensor("y", out, type),), options, **more)


TABLE = values("x", np.arange(30).reshape(5, 6), "INT8", (0.1, 0))
CASES = (
    case("one axis"),
    case("last axis", (5, 5, 0), -1),
    case("a table of indices", ((2, 0, 1), (3, 3, 3))),
    case("one index", 3),
    case("no index", np.zeros((0,), np.int32), only=LITERT_KERNELS),
    case("first axis", (1, 0, 1), 0, shape=(2, 3), samples=1),
    case("16-bit indices", index="INT16", only=LITERT_KERNELS),
    case("64-bit indices", index="INT64", only=LITERT_KERNELS),
    case("rank 5", (1, 0), 3, shape=(1, 2, 3, 4, 2)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gather(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("shape", ["(1, 3)", "(1,)", "(1, 2, 2)"])
def test_rows_of_a_table(shape, numerics):
    rows = np.random.default_rng(0).integers(0, 5, (4, *eval(shape)[1:])).astype(np.int32)
    check(case("table", shape, 0, shape=(5, 6), x=TABLE), numerics, [rows])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize(("axis", "batch_dims"), [(1, 0), (1, 1), (2, 1), (2, -1), (3, 2)], ids=str)
def test_batch_dims(axis, batch_dims, numerics):
    shape, indices = (2, 3, 4, 5), "(2, 3)"
    n = batch_dims % 2 if batch_dims < 0 else batch_dims
    picked = np.asarray([[0, 2, 1], [2, 1, 1]], np.int32)
    x = np.arange(120, dtype=np.int8).reshape(shape)
    out = [*shape[:axis], *(2, 3)[n:], *shape[axis + 1 :]]
    one = case("batches", indices, axis, n, shape=shape)
    options = {"axis": axis, "batch_dims": batch_dims}
    check(Case("batches", "GATHER", one.inputs, (tensor("y", out),), options), numerics, [x, picked])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


@pytest.mark.parametrize("index", [-1, 4])
def test_refuses_indices_outside(index):
    refuses(case("outside", (0, index)), "litert")
    refuses_values(case("outside", "(1,)", 0, shape=(5, 6), x=TABLE), [np.array([index + index // 4], np.int32)])


def test_refuses_batches_that_differ():
    agree(case("batches", ((0,), (1,)), 1, 1), "litert")
    refuses(case("batches", ((0,), (1,)), 1, 1), "litert")
