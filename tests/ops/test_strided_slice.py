"""STRIDED_SLICE against the real runtimes: strides, positions outside, every mask, offsets, scales, types."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, agree_in_types, refuses, tensor, values


def case(name, begin, end, strides=None, shape=(1, 5, 6, 3), *, out, type="INT8", y=(0.1, 0), only=RUNTIMES, **options):
    """options: `shrink_axis_mask` and its like."""
    strides = [1] * len(begin) if strides is None else strides
    inputs = (tensor("x", shape, type), values("begin", begin), values("end", end), values("strides", strides))
    samples = 1 if shape[0] > 1 else 4
    return Case(
        name, "STRIDED_SLICE", inputs, (tensor("y", out, type, y),), options, version=4, only=only, samples=samples
    )


CASES = (
    case("block", (0, 1, 2, 0), (1, 4, 6, 3), out=(1, 3, 4, 3)),
    case("steps", (0, 0, 1, 0), (1, 5, 6, 3), (1, 2, 3, 1), out=(1, 3, 2, 3)),
    case("backwards", (0, 4, -1, 2), (1, -6, 0, -4), (1, -1, -2, -1), out=(1, 5, 3, 3)),
    case("from the end", (0, -3, -4, 0), (1, -1, 6, 3), out=(1, 2, 4, 3)),
    case("beyond both ends", (0, -99, 2, 0), (1, 99, 99, 3), out=(1, 5, 4, 3)),
    case("masks", (9, 9, 2, 9), (-9, -9, 4, -9), out=(1, 5, 2, 3), begin_mask=11, end_mask=11),
    case("masks backwards", (0, 0, 0, 0), (1, 0, 0, 3), (1, -1, -2, 1), out=(1, 5, 3, 3), begin_mask=6, end_mask=6),
    case("shrink", (0, 2, 1, 0), (1, 3, 4, 3), out=(1, 3, 3), shrink_axis_mask=2),
    case("shrink from the end", (0, 1, -1, 0), (1, 4, 0, 3), out=(1, 3, 3), shrink_axis_mask=4),
    case("shrink the batch", (0, 1, 0, 0), (1, 4, 6, 3), out=(3, 6, 3), shrink_axis_mask=1),
    case("one of two samples", (1, 0), (2, 3), shape=(2, 3), out=(1, 3)),
    case("vector to a scalar", (2,), (3,), shape=(4,), out=(), shrink_axis_mask=1),
    case("fewer entries", (0, 1), (1, 3), out=(1, 2, 6, 3), only=LITERT_KERNELS),
    case("new axis", (0, 0, 1), (1, 0, 3), out=(1, 1, 2, 6, 3), new_axis_mask=2, only=LITERT_KERNELS),
    case("new first axis", (0, 0), (0, 1), out=(1, 1, 5, 6, 3), new_axis_mask=1, only=LITERT_KERNELS),
    case("ellipsis", (0, 0, 1), (1, 0, 3), out=(1, 5, 6, 2), ellipsis_mask=2, only=LITERT_KERNELS),
    case("ellipsis first", (0, 1), (0, 2), out=(1, 5, 6, 1), ellipsis_mask=1, only=LITERT_KERNELS),
    case("ellipsis, new axis", (0, 0, 0, 2), (1, 0, 0, 3), (1, 1, 1, 1), out=(1, 5, 6, 1), ellipsis_mask=2,
         new_axis_mask=4, shrink_axis_mask=8, only=LITERT_KERNELS),
    case("offset", (0, 1, -4, 0), (1, 3, 3, 3), out=(1, 3, 3, 3), offset=True, only=LITERT_KERNELS),
    case("rank 5", (0, 0, 1, 0, 0), (1, 1, 2, 2, 2), shape=(1, 2, 2, 2, 2), out=(1, 1, 1, 2, 2), only=LITERT_KERNELS),
)  # fmt: skip


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_strided_slice(case, numerics):
    check(case, numerics, None if case.outputs[0].shape else [np.arange(4, dtype=np.int8)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(
        lambda type: case(type, (0, 1, 0, 0), (1, 3, 6, 3), (1, 1, 2, 1), out=(1, 2, 3, 3), type=type), numerics
    )


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("case_of", [
    lambda **more: case("block", (0, 1, 2, 0), (1, 4, 6, 3), out=(1, 3, 4, 3), **more),
    lambda **more: case("steps", (0, 0, 2, 0), (1, 5, 6, 3), (1, 2, 1, 1), out=(1, 3, 4, 3), **more),
    lambda **more: case("mask", (0, 1, 0, 0), (1, 4, 6, 3), out=(1, 3, 6, 3), begin_mask=4, **more),
    lambda **more: case("shrink", (0, 2, 1, 0), (1, 3, 4, 3), out=(1, 3, 3), shrink_axis_mask=2, **more),
])  # fmt: skip
def test_grids(case_of, type, numerics):
    agree(case_of(type=type, y=(0.2, 0)), numerics)


@pytest.mark.parametrize(
    "refused",
    [
        case("stride 0", (0, 0, 0, 0), (1, 5, 6, 3), (1, 0, 1, 1), out=(1, 5, 6, 3)),
        case("shrink outside", (0, 5, 0, 0), (1, 6, 6, 3), out=(1, 6, 3), shrink_axis_mask=2),
        case("too many entries", (0, 0, 0, 0, 0), (1, 1, 1, 1, 1), out=(1, 1, 1, 1)),
        case("two ellipses", (0, 0, 0), (1, 1, 1), out=(1, 5, 6, 3), ellipsis_mask=3),
        case("offset that leaves the axis", (0, 3, 0, 0), (1, 4, 6, 3), out=(1, 2, 6, 3), offset=True),
    ],
    ids=str,
)
def test_refuses(refused):
    refuses(refused, "litert")


def test_tflm_wants_an_entry_for_each_axis():
    refuses(case("fewer entries", (0, 1), (1, 3), out=(1, 2, 6, 3)), "tflm")
    refuses(case("new axis", (0, 0, 1), (1, 0, 3), out=(1, 1, 2, 6, 3), new_axis_mask=2), "tflm")
    refuses(case("rank 5", (0,) * 5, (1,) * 5, shape=(1, 2, 2, 2, 2), out=(1,) * 5), "tflm")


def test_an_empty_result():
    empty = case("empty", (0, 3, 0, 0), (1, 3, 6, 3), out=(1, 0, 6, 3), only=("litert",))
    check(empty, "litert", [np.zeros((1, 5, 6, 3), np.int8)])
