"""TOPK_V2 against LiteRT: types, ties, none, all, more than there are."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, tensor, values


def case(name, k=3, shape=(1, 4, 9), type="INT8", index="INT32"):
    out = (*shape[:-1], max(0, k))
    outputs = (tensor("y", out, type, (0.2, 1)), tensor("i", out, index))
    return Case(
        name, "TOPK_V2", (tensor("x", shape, type), values("k", k, index)), outputs, only=LITERT_KERNELS, version=3
    )


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("k", [1, 3, 9])
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"])
def test_topk_v2(type, k, numerics):
    check(case(f"{k} of {type}", k, type=type), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_ties(numerics):
    x = np.random.default_rng(0).integers(-128, -125, (1, 4, 9)).astype(np.int8)
    check(case("ties", 6), numerics, [x])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("k", [0, -1])
def test_none(k, numerics):
    check(case("none", k), numerics, [np.zeros((1, 4, 9), np.int8)])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_vector_with_16_bit_indices(numerics):
    check(case("vector", 4, (9,), index="INT16"), numerics, [np.arange(9, dtype=np.int8)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type), numerics)


def test_refuses():
    refuses(case("too many", 10), "litert")
    refuses(case("long axis", 1, (1, 40000), index="INT16"), "litert")
