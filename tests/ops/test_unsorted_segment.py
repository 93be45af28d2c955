"""UNSORTED_SEGMENT_SUM, _PROD, _MAX and _MIN against LiteRT: types, negative segments, segments of no slice."""

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.movers import LITERT_KERNELS, check_alone, refuses, refuses_values, tensor, values
from tests.ops.test_segment_sum import numbers

CODES = [f"UNSORTED_SEGMENT_{name}" for name in ("SUM", "PROD", "MAX", "MIN")]


def case(code, segments, count=4, type="FLOAT32", shape=(6, 3)):
    ids = tensor("s", (6,), "INT32") if segments is None else values("s", segments)
    rest = shape[ids.data.ndim :] if ids.data is not None else shape[1:]
    inputs = (tensor("x", shape, type), ids, values("n", count))
    return Case("segments", code, inputs, (tensor("y", (max(0, count), *rest), type),))


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("type", ["INT32", "FLOAT32"])
def test_unsorted_segment(type, code, numerics):
    segments = (2, 0, 2, -1, 0, 2)
    check_alone(case(code, segments, type=type), numerics, [numbers(type)])
    check_alone(case(code, None, type=type), numerics, [numbers(type), np.array(segments, np.int32)])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("code", CODES)
def test_segments_of_two_axes(code, numerics):
    check_alone(case(code, ((0, 1), (1, 1), (3, 0)), shape=(3, 2, 4)), numerics, [numbers("FLOAT32", (3, 2, 4))])


@pytest.mark.parametrize("code", CODES)
def test_refuses(code):
    refuses(case(code, (0,) * 6, type="INT8"), "litert")
    refuses(case(code, (0,) * 6, -1), "litert")
    refuses(case(code, (0,) * 5, shape=(6, 3)), "litert")
    refuses(case(code, (0,) * 6), "tflm")
    refuses_values(case(code, None), [numbers("FLOAT32"), np.array([0, 1, 2, 3, 4, 0], np.int32)])
