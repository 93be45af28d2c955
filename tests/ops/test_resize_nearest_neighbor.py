"""RESIZE_NEAREST_NEIGHBOR against the real runtimes: types, modes, sizes at which fixed point and float part."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree, agree_in_types, check_alone, refuses, tensor, values
from tfq.ops.resize import Grid
from tfq.ops.resize_nearest_neighbor import fixed_point_places, float_places

MODES = {"plain": (False, False), "corners": (True, False), "centers": (False, True), "both": (True, True)}


def case(name, size, shape=(1, 5, 7, 3), type="INT8", mode="plain", y=(0.1, 0)):
    corners, centers = MODES[mode]
    options = {"align_corners": corners, "half_pixel_centers": centers}
    inputs = (tensor("x", shape, type), values("size", size))
    out = (shape[0], *(max(0, n) for n in size), shape[3])
    return Case(name, "RESIZE_NEAREST_NEIGHBOR", inputs, (tensor("y", out, type, y),), options, version=3)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(9, 4), (10, 14), (2, 3), (1, 1), (5, 7)], ids=str)
def test_modes(size, mode, numerics):
    for type in ("INT8", "INT16", "FLOAT32"):
        check(case(mode, size, type=type, mode=mode), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (9, 4), type=type), numerics)


def test_methods_part():
    sizes = [(a, b) for a in range(1, 300, 7) for b in range(1, 900, 13) if not same(a, b)]
    assert sizes, "where 16 fractional bits and float32 pick different cells"


def same(size, out):
    grid = Grid((out, out), False, False)
    return (fixed_point_places(size, out, grid) == float_places(size, out, grid)).all()


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("type", ["INT8", "FLOAT32"])
def test_sizes_at_which_methods_part(type, numerics):
    sizes = [(a, b) for a in range(1, 120) for b in (255, 511, 769, 1023) if not same(a, b)][:4]
    for size, out in sizes:
        check(case("parts", (1, out), (1, 1, size, 1), type), numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_size_of_a_run(numerics):
    inputs = (tensor("x", (1, 2, 3, 1)), tensor("size", (2,), "INT32"))
    computed = Case("computed", "RESIZE_NEAREST_NEIGHBOR", inputs, (tensor("y", (1, 1, 1, 1)),))
    x = np.arange(6, dtype=np.int8).reshape(1, 2, 3, 1)
    for size in ((4, 5), (1, 2)):
        check_alone(computed, numerics, [x, np.array(size, np.int32)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_looks_at_no_scale(numerics):
    agree(case("grids", (9, 4), y=(0.2, 1)), numerics)


@pytest.mark.parametrize("size", [(0, 4), (-1, 4), (2**15, 2**12)], ids=str)
def test_refuses(size):
    refuses(case("size", size), "litert")
