"""WHERE against LiteRT: types, ranks, none at all; the output's shape changes with the values."""

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.movers import LITERT_KERNELS, TYPES, agree, check_alone, refuses, tensor
from tfq.tflite import NUMPY_TYPES


def case(name, shape=(2, 4), type="BOOL", stored=(1, 2)):
    return Case(name, "WHERE", (tensor("c", shape, type),), (tensor("y", stored, "INT64"),), only=LITERT_KERNELS)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("shape", [(7,), (2, 4), (2, 3, 2, 2)], ids=str)
def test_where(shape, numerics):
    for seed in range(3):
        condition = np.random.default_rng(seed).integers(0, 2, shape).astype(bool)
        check_alone(case("some", shape, stored=(1, len(shape))), numerics, [condition])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("value", [False, True])
def test_all_or_none(value, numerics):
    check_alone(case("all or none"), numerics, [np.full((2, 4), value)])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_types(numerics):
    for type in TYPES:
        x = np.array([[0, 1, 2, 0], [0, 0, 100, -0.0]]).astype(NUMPY_TYPES[type])
        agree(case(type, type=type), numerics, [x], check_alone)


def test_refuses():
    refuses(case("type", type="FLOAT64"), "litert")
    refuses(case("any"), "tflm")
