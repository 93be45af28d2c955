"""DILATE against LiteRT: types, axes, none dilated, dilations below 1."""

import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import LITERT_KERNELS, agree, fed, refuses, tensor, values

TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")


def case(name, dilations, shape=(1, 3, 2, 2), type="INT8"):
    out = [(size - 1) * max(1, d) + 1 for size, d in zip(shape, dilations, strict=False)]
    inputs = (tensor("x", shape, type), values("d", dilations), values("v", 1, type))
    return Case(name, "DILATE", inputs, (tensor("y", out, type),))


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("dilations", [(1, 2, 3, 1), (1, 1, 1, 2), (1, 1, 1, 1), (2, 1, 2, 1)], ids=str)
def test_dilate(dilations, numerics):
    one = case("dilate", dilations)
    agree(one, numerics, [fed(one)[0][:1]])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    for type in TYPES:
        one = case(type, (1, 2, 2, 1), type=type)
        agree(one, numerics, [fed(one)[0][:1]])


def test_refuses():
    refuses(case("zero", (1, 0, 1, 1)), "litert")
    refuses(case("short", (1, 2)), "litert")
    refuses(case("huge", (1, 2**14, 2**13, 1)), "litert")
