"""SCATTER_ND against LiteRT: types, repeated indices that add up and wrap, indices of each run, indices outside."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, fed, refuses, refuses_values, tensor, values


def case(name, indices, shape, type="INT8"):
    where = indices if hasattr(indices, "shape_signature") else values("i", indices)
    updates = tensor("u", [*where.shape[:-1], *shape[where.shape[-1] :]], type)
    inputs = (where, updates, values("shape", shape))
    return Case(name, "SCATTER_ND", inputs, (tensor("y", shape, type),), {}, only=LITERT_KERNELS)


CASES = (
    case("slices", ((0,), (2,)), (4, 3)),
    case("cells", ((0, 1), (2, 2), (3, 0)), (4, 3)),
    case("again and again", ((1,), (1,), (1,), (0,), (1,)), (2, 3)),
    case("a table", (((0, 1), (1, 1)), ((2, 0), (0, 1))), (3, 2, 2)),
)


def one_sample(case):
    return [x[: x.shape[0] // 2] for x in fed(case)]


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32"])
@pytest.mark.parametrize("case_of", CASES, ids=str)
def test_scatter_nd(case_of, type, numerics):
    typed = case(case_of.name, case_of.inputs[0], case_of.outputs[0].shape, type)
    check(typed, numerics, one_sample(typed))


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, ((0,), (1,)), (2, 3), type), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_float_sums_in_order(numerics):
    big = case("order", ((0,),) * 4, (1, 1), "FLOAT32")
    check(big, numerics, [np.asarray([[1e8], [1.0], [-1e8], [1.0]], np.float32)])


@pytest.mark.parametrize(
    ("indices", "shape"), [(((4,),), (4, 3)), (((-1,),), (4, 3)), (((0, 3),), (4, 3)), (((0, 0, 0),), (4, 3))], ids=str
)
def test_refuses_indices_outside(indices, shape):
    data = [np.zeros((1, *shape[len(indices[0]) :]), np.int8)]
    if len(indices[0]) > len(shape):
        refuses(case("outside", indices, shape), "litert")
    else:
        refuses_values(case("outside", indices, shape), data)
