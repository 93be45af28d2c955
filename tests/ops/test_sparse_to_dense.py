"""SPARSE_TO_DENSE against LiteRT: types, ranks of indices and values, indices twice and outside."""

import numpy as np
import pytest

from tests.ops.harness import Case, check
from tests.ops.movers import LITERT_KERNELS, agree, refuses, refuses_values, tensor, values
from tfq.tflite import NUMPY_TYPES

TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")


def case(name, indices, shape, type="INT8", index="INT32", scalar=False, count=None):
    where = values("i", indices, index)
    count = (where.shape[0] if where.shape else 1) if count is None else count
    inputs = (where, values("shape", shape), tensor("v", () if scalar else (count,), type), values("d", 1, type))
    return Case(name, "SPARSE_TO_DENSE", inputs, (tensor("y", shape, type, None),), {}, version=3, only=LITERT_KERNELS)


CASES = (
    case("vector", (1, 3), (5,)),
    case("one index", 2, (5,), scalar=True),
    case("matrix", ((0, 1), (2, 3)), (3, 4)),
    case("one value for all", ((0, 1), (2, 3)), (3, 4), scalar=True),
    case("twice", ((1, 1), (0, 0), (1, 1)), (2, 2)),
    case("rank 4", ((0, 1, 0, 1), (1, 0, 2, 0)), (2, 2, 3, 2)),
    case("64-bit", (1, 3), (5,), index="INT64"),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sparse_to_dense(case, numerics):
    check(
        case,
        numerics,
        [np.arange(7, 7 + np.prod(case.inputs[2].shape, dtype=int)).astype(np.int8).reshape(case.inputs[2].shape)],
    )


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_types(numerics):
    for type in TYPES:
        agree(case(type, (1, 3), (5,), type), numerics, [np.array([7, 8]).astype(NUMPY_TYPES[type])])


@pytest.mark.parametrize("index", [-1, 5])
def test_refuses_indices_outside(index):
    refuses_values(case("outside", (1, index), (5,)), [np.zeros(2, np.int8)])


def test_refuses():
    refuses(case("axes", ((0, 1),), (5,)), "litert")
    refuses(case("values", (0, 1), (5,), count=3), "litert")
    refuses(case("vector", (1, 3), (5,)), "tflm")
