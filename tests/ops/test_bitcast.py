"""BITCAST against LiteRT: every pair of types, larger, smaller and of one size."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import TYPES, agree, fed, refuses, tensor
from tfq.tflite import NUMPY_TYPES


def case(source, target):
    before, after = (np.dtype(NUMPY_TYPES[type]).itemsize for type in (source, target))
    shape = (1, 3) if before >= after else (1, after // before)
    out = (1,) if before < after else (1, 3, before // after) if before > after else (1, 3)
    x, y = tensor("x", shape, source, None), tensor("y", out, target, None)
    return Case(f"{source} to {target}", "BITCAST", (x,), (y,))


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("source", TYPES)
def test_every_pair(source, numerics):
    for target in TYPES:
        if target != "BOOL" and not (numerics == "tflm" and "UINT16" in (source, target)):
            one = case(source, target)
            agree(one, numerics, fed(one))


def test_refuses():
    refuses(case("INT8", "BOOL"), "litert")
    refuses(Case("parts", "BITCAST", (tensor("x", (1, 3)),), (tensor("y", (1,), "INT32"),)), "litert")
