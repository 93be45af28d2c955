"""STABLEHLO_PAD against LiteRT: types, borders, gaps, cuts."""

import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import LITERT_KERNELS, agree, fed, refuses, tensor, values

TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")


def case(name, low=(0, 1, 0), high=(0, 0, 2), between=(0, 1, 0), shape=(1, 4, 3), type="INT8"):
    pairs = zip(shape, low, high, between, strict=False)
    out = [size + max(0, size - 1) * gap + a + b for size, a, b, gap in pairs]
    inputs = (tensor("x", shape, type), values("v", 1, type))
    options = {"edge_padding_low": low, "edge_padding_high": high, "interior_padding": between}
    return Case(name, "STABLEHLO_PAD", inputs, (tensor("y", [max(0, size) for size in out], type),), options)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize(
    ("low", "high", "between"),
    [
        ((0, 1, 2), (0, 3, 0), (0, 0, 0)),
        ((0, 0, 0), (0, 0, 0), (0, 2, 1)),
        ((1, 1, 0), (0, 0, 2), (0, 1, 0)),
        ((0, -1, 0), (0, 0, -1), (0, 0, 0)),
        ((0, -1, 1), (0, -2, 0), (0, 1, 0)),
        ((0, -3, 0), (0, 0, 0), (0, 2, 0)),
    ],
    ids=str,
)
def test_stablehlo_pad(low, high, between, numerics):
    one = case("pad", low, high, between)
    agree(one, numerics, [fed(one)[0][:1]])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    for type in TYPES:
        one = case(type, type=type)
        agree(one, numerics, [fed(one)[0][:1]])


def test_refuses():
    refuses(case("gaps", between=(0, -1, 0)), "litert")
    refuses(case("short", low=(0, 1)), "litert")
    refuses(case("nothing left", low=(0, -9, 0)), "litert")
