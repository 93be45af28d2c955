"""EMBEDDING_LOOKUP against the real runtimes: rows copied and made real, one scale and one a row, indices outside."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check, quantization
from tests.ops.movers import LITERT_KERNELS, agree, fed, refuses, refuses_values, tensor
from tfq.tflite import NUMPY_TYPES, Tensor

ROWS = np.array([4, 0, 3, 3, 1, 2], np.int32)
SCALES = np.linspace(0.001, 0.02, 5)


def table(type, scale=0.013, shape=(5, 8), zero_point=0, axis=0):
    rng = np.random.default_rng(0)
    low, high = (-8, 8) if type == "INT4" else (0, 256) if type == "UINT8" else (-128, 128)
    affine = None if scale is None else quantization(scale, zero_point, axis)
    return Tensor("t", shape, type, affine, rng.integers(low, high, shape).astype(NUMPY_TYPES[type]))


def case(name, y="FLOAT32", rows=None, version=4):
    rows = table("INT8") if rows is None else rows
    inputs = (tensor("i", (1,), "INT32"), rows)
    grid = tensor("y", (1, *rows.shape[1:]), y, None)
    return Case(name, "EMBEDDING_LOOKUP", inputs, (grid,), {}, version)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16", "INT32", "FLOAT32"])
def test_copies(type, numerics):
    agree(case("copies", type, table(type, None), 1), numerics, [ROWS])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("y", ["FLOAT32", "FLOAT16"])
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT4"])
@pytest.mark.parametrize("scale", [0.013, SCALES], ids=["one scale", "a scale for each row"])
def test_made_real(scale, type, y, numerics):
    if numerics == "tflm" and np.ndim(scale):
        refuses(case("real", y, table(type, scale)), numerics)
    else:
        agree(case("real", y, table(type, scale)), numerics, [ROWS])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_rows_with_axes(numerics):
    check(case("axes", rows=table("INT8", SCALES, (5, 2, 4))), numerics, [ROWS])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def one(type):
        inputs = (tensor("i", (2,), "INT32"), tensor("t", (1, 3), type))
        return Case(type, "EMBEDDING_LOOKUP", inputs, (tensor("y", (2, 3), type),))

    for type in ("INT8", "UINT16", "BOOL", "FLOAT16", "FLOAT32", "COMPLEX64"):
        if not (numerics == "tflm" and type == "UINT16"):
            rows = fed(one(type))[1][:1]
            agree(one(type), numerics, [np.zeros(2, np.int32), rows])


@pytest.mark.parametrize("index", [-1, 5])
def test_refuses_indices_outside(index):
    refuses_values(case("outside"), [np.array([index], np.int32)])


@pytest.mark.parametrize(
    "rows",
    [table("INT8", None), table("INT8", 0.1, zero_point=3), table("INT16"), table("INT4", 0.1, (5, 7))],
    ids=["no scale", "zero point", "int16", "odd int4"],
)
def test_refuses(rows):
    refuses(case("table", rows=rows), "litert")
