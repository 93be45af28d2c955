"""RESIZE_BILINEAR against the real runtimes: types, modes, every kernel, scales that a runtime refuses."""

import dataclasses

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, agree_in_types, check_alone, refuses, tensor, values

MODES = {"plain": (False, False), "corners": (True, False), "centers": (False, True), "both": (True, True)}
TYPES = {"litert": ("INT8", "UINT8", "INT16", "FLOAT32"), "tflm": ("INT8", "FLOAT32")}


def case(name, size, shape=(1, 5, 7, 3), type="INT8", mode="plain", x=(0.1, 0), y=(0.1, 0)):
    corners, centers = MODES[mode]
    options = {"align_corners": corners, "half_pixel_centers": centers}
    inputs = (tensor("x", shape, type, x), values("size", size))
    out = (shape[0], *(max(0, n) for n in size), shape[3])
    return Case(name, "RESIZE_BILINEAR", inputs, (tensor("y", out, type, y),), options, version=3)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("mode", ["plain", "corners", "centers"])
@pytest.mark.parametrize("size", [(9, 4), (10, 14), (2, 3), (1, 1), (5, 7), (13, 25)], ids=str)
def test_modes(size, mode, numerics):
    for type in TYPES.get(numerics, TYPES["litert"]):
        one = case(mode, size, type=type, mode=mode)
        check(
            one,
            numerics,
            [np.random.default_rng(1).normal(0, 9, (4, 5, 7, 3)).astype(np.float32)] if type == "FLOAT32" else None,
        )


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("mode", ["corners", "centers"])
@pytest.mark.parametrize(
    ("size", "shape"), [((700, 601), (1, 9, 7, 2)), ((9, 7), (1, 700, 601, 2)), ((5, 3), (300, 11, 13, 7))], ids=str
)
def test_large(size, shape, mode, numerics):
    for type in TYPES.get(numerics, TYPES["litert"]):
        one = dataclasses.replace(case("large", size, shape, type, mode), samples=1)
        x = np.random.default_rng(1).integers(-100 if type != "UINT8" else 0, 100, shape)
        check(one, numerics, [x.astype(one.inputs[0].dtype)])


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("shape", [(1, 1, 1, 5), (1, 1, 6, 9), (1, 8, 8, 8)], ids=str)
def test_shapes(shape, numerics):
    for type in TYPES.get(numerics, TYPES["litert"]):
        check(case("shapes", (16, 16), shape, type, "centers"), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (9, 4), type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "UINT8", "INT16"])
@pytest.mark.parametrize("y", [(0.2, 0), (0.1, 1)], ids=str)
def test_grids(y, type, numerics):
    agree(case("grids", (9, 4), type=type, y=y), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_int8_without_scale_stays_with_the_reference_kernel(numerics):
    check(case("no scale", (9, 4), x=None, y=None), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("type", ["INT8", "INT16"])
def test_size_of_a_run(type, numerics):
    inputs = (tensor("x", (1, 5, 7, 3), type), tensor("size", (2,), "INT32"))
    computed = Case("computed", "RESIZE_BILINEAR", inputs, (tensor("y", (1, 1, 1, 3), type),))
    x = np.random.default_rng(0).integers(-128, 128, (1, 5, 7, 3)).astype("int8" if type == "INT8" else "int16")
    check_alone(computed, numerics, [x, np.array((9, 4), np.int32)])


@pytest.mark.parametrize("mode", ["plain", "corners", "centers"])
@pytest.mark.parametrize("channels", [3, 8, 40])
@pytest.mark.parametrize("size", [(9, 4), (13, 25), (3, 3)], ids=str)
def test_optimized_kernels(size, channels, mode):
    """What LiteRT's default does not hand to XNNPACK: no scale, or a size that the run computes."""
    one = case("no scale", size, (1, 5, 7, channels), "UINT8", mode, None, None)
    check(one, "xnnpack")
    corners, centers = MODES[mode]
    inputs = (tensor("x", (1, 5, 7, channels), "FLOAT32"), tensor("size", (2,), "INT32"))
    options = {"align_corners": corners, "half_pixel_centers": centers}
    output = tensor("y", (1, *size, channels), "FLOAT32")
    x = np.random.default_rng(2).normal(0, 9, (1, 5, 7, channels)).astype(np.float32)
    computed = Case("computed", "RESIZE_BILINEAR", inputs, (output,), options, version=3)
    check_alone(computed, "xnnpack", [x, np.array(size, np.int32)])


def test_refuses():
    refuses(case("both", (9, 4), mode="both"), "litert")
    eight = case("eightfold", (16, 24), (1, 2, 3, 8), "UINT8", "centers", None, None)
    refuses(eight, "xnnpack")
    for size in ((0, 4), (4, -1), (2**15, 2**13)):
        refuses(case("size", size), "litert")
