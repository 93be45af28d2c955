"""BROADCAST_ARGS against the real runtimes: types, lengths, shapes that do not broadcast."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import check_alone, refuses, refuses_values, tensor
from tfq.tflite import NUMPY_TYPES


def case(a, b, type="INT32"):
    inputs = (tensor("a", (a,), type), tensor("b", (b,), type))
    return Case("shapes", "BROADCAST_ARGS", inputs, (tensor("y", (max(a, b),), type),))


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT32", "INT64"])
@pytest.mark.parametrize("a, b", [((1, 3), (2, 1)), ((4, 1, 3), (2, 3)), ((5,), (1, 1, 1)), ((0, 1), (0, 7))], ids=str)
def test_broadcast_args(a, b, type, numerics):
    check_alone(case(len(a), len(b), type), numerics, [np.array(shape, NUMPY_TYPES[type]) for shape in (a, b)])


def test_refuses():
    refuses(case(2, 2, "INT16"), "litert")
    refuses_values(case(2, 2), [np.array([2, 3], np.int32), np.array([2, 4], np.int32)])
