"""ONE_HOT against LiteRT: types, axes, indices outside and beyond 32 bits."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, refuses, tensor, values

TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16", "UINT32")


def case(name, axis=-1, depth=5, type="INT8", shape=(1, 4), index="INT32", on=1):
    out = list(shape)
    out.insert(len(shape) if axis == -1 else axis, max(0, depth))
    inputs = (tensor("i", shape, index), values("depth", depth), values("on", on, type), values("off", 0, type))
    return Case(name, "ONE_HOT", inputs, (tensor("y", out, type, None),), {"axis": axis}, only=LITERT_KERNELS)


INDICES = np.array([[0, 4, 2, 1], [-1, 5, 3, 3]], np.int32)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
def test_axes(axis, numerics):
    indices = INDICES[:1] if axis == 0 else INDICES
    check(case("axes", axis), numerics, [indices])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", TYPES)
def test_types(type, numerics):
    agree(case(type, type=type), numerics, [INDICES])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_64_bit_indices_are_cut(numerics):
    check(case("64-bit", index="INT64", on=-3), numerics, [INDICES.astype(np.int64) + 2**32])


@pytest.mark.parametrize("refused", [case("depth", depth=-1), case("huge", depth=2**27)], ids=str)
def test_refuses(refused):
    refuses(refused, "litert")


@pytest.mark.parametrize("axis", [-2, 3])
def test_refuses_an_axis(axis):
    one = case("axis")
    refuses(Case("axis", "ONE_HOT", one.inputs, one.outputs, {"axis": axis}), "litert")
