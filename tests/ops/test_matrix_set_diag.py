"""MATRIX_SET_DIAG against LiteRT: types, matrices that are not square."""

import pytest

from tests.ops.harness import Case, check
from tests.ops.movers import LITERT_KERNELS, refuses, tensor


def case(type="INT8", shape=(1, 3, 4), diagonal=None):
    diagonal = (*shape[:-2], min(shape[-2:])) if diagonal is None else diagonal
    inputs = (tensor("x", shape, type), tensor("d", diagonal, type))
    return Case(type, "MATRIX_SET_DIAG", inputs, (tensor("y", shape, type),))


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(1, 3, 4), (1, 2, 4, 3), (1, 3, 3)], ids=str)
def test_matrix_set_diag(shape, type, numerics):
    check(case(type, shape), numerics)


def test_refuses():
    refuses(case("FLOAT16"), "litert")
    refuses(case(diagonal=(1, 4)), "litert")
    refuses(case(), "tflm")
