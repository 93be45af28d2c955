"""MATRIX_DIAG against LiteRT: types and ranks."""

import pytest

from tests.ops.harness import Case, check
from tests.ops.movers import LITERT_KERNELS, refuses, tensor


def case(type="INT8", shape=(1, 4)):
    return Case(type, "MATRIX_DIAG", (tensor("x", shape, type),), (tensor("y", (*shape, shape[-1]), type),))


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
@pytest.mark.parametrize("shape", [(1, 4), (1, 2, 3)], ids=str)
def test_matrix_diag(shape, type, numerics):
    check(case(type, shape), numerics)


def test_refuses():
    refuses(case("FLOAT16"), "litert")
    refuses(case(), "tflm")
