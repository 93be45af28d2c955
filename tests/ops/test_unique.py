"""UNIQUE against LiteRT: types, orders, one value only; the output's shape changes with the values."""

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.movers import LITERT_KERNELS, TYPES, agree, check_alone, refuses, tensor
from tfq.tflite import NUMPY_TYPES


def case(type="INT8", index="INT32", shape=(8,)):
    outputs = (tensor("y", (1,), type), tensor("i", shape, index))
    return Case(type, "UNIQUE", (tensor("x", shape, type),), outputs, {"idx_out_type": index})


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("index", ["INT32", "INT64"])
def test_orders(index, numerics):
    for seed in range(4):
        x = np.random.default_rng(seed).integers(-3, 3, 8).astype(np.int8)
        check_alone(case(index=index), numerics, [x])
    check_alone(case(index=index), numerics, [np.full(8, 7, np.int8)])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_types(numerics):
    for type in TYPES:
        x = np.array([5, 0, 1, 1, 0, 100, 5, 2]).astype(NUMPY_TYPES[type])
        agree(case(type), numerics, [x], check_alone)


def test_refuses():
    refuses(case(shape=(2, 4)), "litert")
    refuses(case(), "tflm")
