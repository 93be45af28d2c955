"""SEGMENT_SUM against LiteRT's default: types, segments of each run, float32 sums in order, segments that jump."""

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.movers import check_alone, refuses, tensor, values


def case(segments, type="FLOAT32", shape=(6, 3)):
    ids = tensor("s", (6,), "INT32") if segments is None else values("s", segments)
    count = 1 if segments is None else segments[-1] + 1
    return Case("segments", "SEGMENT_SUM", (tensor("x", shape, type), ids), (tensor("y", (count, *shape[1:]), type),))


def numbers(type, shape=(6, 3)):
    rng = np.random.default_rng(0)
    if type == "INT32":
        return rng.integers(-(2**31), 2**31, shape).astype(np.int32)
    return (rng.normal(0, 1, shape) * 10.0 ** rng.integers(-4, 5, shape)).astype(np.float32)


@pytest.mark.parametrize("numerics", ["xnnpack"])
@pytest.mark.parametrize("type", ["INT32", "FLOAT32"])
@pytest.mark.parametrize("segments", [(0, 0, 1, 2, 2, 2), (0, 0, 0, 0, 0, 0), (0, 1, 2, 3, 4, 5)], ids=str)
def test_segment_sum(segments, type, numerics):
    check_alone(case(segments, type), numerics, [numbers(type)])
    check_alone(case(None, type), numerics, [numbers(type), np.array(segments, np.int32)])


def test_refuses():
    for segments in ((1, 1, 1, 1, 1, 1), (0, 2, 2, 2, 2, 2), (0, 1, 0, 1, 1, 1)):
        refuses(case(segments), "xnnpack")
    refuses(case((0,) * 6, "INT8"), "xnnpack")
    for numerics in ("litert", "tflm"):
        refuses(case((0,) * 6), numerics)
