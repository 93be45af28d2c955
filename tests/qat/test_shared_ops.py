"""Arithmetic that training and interpreter share: NumPy and keras.ops give equal integers, eager and in a graph.

A row names the op, its grids and its operands. Scales and zero points are tensors in the graph, as in training. The
tests of tests/ops hold the NumPy side to the real runtimes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK
from tfq.ops import (
    add,
    average_pool_2d,
    batch_matmul,
    l2_normalization,
    leaky_relu,
    log_softmax,
    logistic,
    mean,
    mul,
    prelu,
    quantize,
    relu,
    resize_bilinear,
    softmax,
    squared_difference,
    sub,
    tanh,
)
from tfq.qat import arrays as keras_arrays

PROFILES = (LITERT, XNNPACK, TFLM)
SEEDS = 4
IN8, IN16, SYMMETRIC8 = Affine(None, None), Affine(None, 0, -32768, 32767), Affine(None, 0)
FIXED_16 = replace(IN16, scale=2.0**-15)


@dataclass(frozen=True)
class Row:
    """call(xp, profile, grids, operands) -> stored integers. draw(rng, grids) -> operands.

    grids: None for what is drawn, a scale or a zero point; ratio: the last grid's scale per product of the others'.
    constant: all outputs are one.
    """

    name: str
    call: Callable
    grids: tuple[Affine, ...]
    draw: Callable
    profiles: tuple = PROFILES
    ratio: float = 1.0
    constant: bool = False

    def __str__(self) -> str:
        return self.name


def codes(*shapes):
    """Stored integers of the first grids: uniform, extremes, near the zero point."""

    def draw(rng, grids):
        return [stored(rng, grid, shape) for grid, shape in zip(grids, shapes, strict=False)]

    return draw


def stored(rng, grid, shape):
    kinds = [
        rng.integers(grid.qmin, grid.qmax + 1, shape),
        rng.choice([grid.qmin, grid.qmax], shape),
        np.clip(int(grid.zero_point) + rng.integers(-3, 4, shape), grid.qmin, grid.qmax),
    ]
    return np.choose(rng.integers(0, 3, shape), kinds).astype(np.int32)


def sums(length, magnitude):
    """Whole-number sums of `length` products."""

    def draw(rng, grids):
        largest = length * magnitude
        near = rng.integers(-1000, 1000, 500)
        return [np.concatenate([rng.integers(-largest, largest + 1, 500), near, [largest, -largest, 0]])]

    return draw


def totals(count):
    """Sums of `count` stored integers."""

    def draw(rng, grids):
        return [stored(rng, grids[0], (400, count)).sum(axis=-1, dtype=np.int32)]

    return draw


def averaged(xp, profile, grids, operands):
    """The average of 9 cells."""
    bounds = average_pool_2d.bounds(xp, profile, grids[0], "RELU6")
    return average_pool_2d.integers(xp, operands[0], np.full(400, 9), bounds)


def elementwise(op, alpha):
    """integers of two grids and one operand; alpha: None, or of LEAKY_RELU."""
    more = () if alpha is None else (alpha,)

    def call(xp, profile, grids, operands):
        return op.integers(xp, profile, *grids, *operands, *more)

    return call


def near(scale):
    """int16 on that scale."""
    return replace(IN16, scale=scale)


def images(rng, grids):
    """Stored integers [3, 5, 7, 2]."""
    return [stored(rng, grids[0], (3, 5, 7, 2))]


def resized(size, *modes):
    """To that size with align_corners and half_pixel_centers."""

    def call(xp, profile, grids, operands):
        return resize_bilinear.integers(xp, profile, operands[0], size, *modes, qmax=grids[0].qmax)

    return call


def integers_of(op, activation=()):
    """constants of all grids, integers of all operands."""

    def call(xp, profile, grids, operands):
        return op.integers(xp, profile, op.constants(xp, profile, *grids, *activation), *operands)

    return call


# Of both widths: (op, its grids but for their width, operands, what else `constants` takes, last scale per product).
BOTH = (
    ("ADD", add, 3, codes((20, 1, 9), (5, 9)), ("RELU6",), 1),
    ("SUB", sub, 3, codes((20, 1, 9), (5, 9)), ("NONE",), 1),
    ("MUL", mul, 3, codes((20, 1, 9), (5, 9)), ("NONE",), 1),
    ("MEAN", mean, 2, totals(12), (12,), 1),
    ("RELU", relu, 2, codes((50, 9)), ("RELU",), 1),
    ("RELU6", relu, 2, codes((50, 9)), ("RELU6",), 1),
    ("QUANTIZE", quantize, 2, codes((50, 9)), (), 1),
)
ROWS = (
    *(
        Row(f"{name} int{bits}", integers_of(op, more), (grid,) * count, draw, ratio=ratio)
        for name, op, count, draw, more, ratio in BOTH
        for bits, grid in ((8, IN8), (16, IN16))
    ),
    *(
        Row(f"{op.SPEC.code} int{bits}", elementwise(op, *more), (grid, out), codes((50, 9)))
        for op, wide, *more in ((logistic, FIXED_16, None), (tanh, FIXED_16, None), (leaky_relu, IN16, 0.17))
        for bits, grid, out in ((8, IN8, IN8), (16, IN16, wide))
    ),
    *(
        Row(
            f"{op.SPEC.code} int16, input scale {scale}", elementwise(op, None), (near(scale), FIXED_16), codes((50, 9))
        )
        for op in (logistic, tanh)
        for scale in (2.0**-12, 2.0**-11)
    ),
    Row("LEAKY_RELU int16, negative slope", elementwise(leaky_relu, -0.3), (IN16, IN16), codes((50, 9))),
    Row("SOFTMAX int8", integers_of(softmax), (IN8,), codes((50, 9))),
    Row("SOFTMAX int16", integers_of(softmax), (near(2.0**-10),), codes((50, 9))),
    Row("SOFTMAX int16, any scale", integers_of(softmax, (0.7,)), (IN16,), codes((50, 9))),
    Row("QUANTIZE int8 to int16", integers_of(quantize), (IN8, IN16), codes((50, 9))),
    Row("QUANTIZE int16 to int8", integers_of(quantize), (IN16, IN8), codes((50, 9)), ratio=200),
    *(Row(f"AVERAGE_POOL_2D int{bits}", averaged, (grid,), totals(9)) for bits, grid in ((8, IN8), (16, IN16))),
    Row("BATCH_MATMUL int8", integers_of(batch_matmul), (IN8, IN8, IN8), sums(60, 2**14), ratio=60.0),
    Row("L2_NORMALIZATION", integers_of(l2_normalization), (IN8,), codes((40, 9))),
    Row("LOG_SOFTMAX", integers_of(log_softmax), (IN8,), codes((100, 12))),
    Row("LOG_SOFTMAX, one class", integers_of(log_softmax), (IN8,), codes((9, 1)), constant=True),
    Row("L2_NORMALIZATION, one value", integers_of(l2_normalization), (IN8,), codes((40, 1))),
    Row("PRELU int8", integers_of(prelu), (IN8, IN8, IN8), codes((20, 4, 9), (1, 9))),
    Row("PRELU int8, symmetric alpha", integers_of(prelu), (IN8, SYMMETRIC8, IN8), codes((20, 4, 9), (1, 9))),
    Row("PRELU int16", integers_of(prelu), (IN16, SYMMETRIC8, IN16), codes((20, 4, 9), (1, 9))),
    Row(
        "SQUARED_DIFFERENCE int8", integers_of(squared_difference), (IN8, IN8, IN8), codes((20, 1, 9), (5, 9)), ratio=9
    ),
    Row(
        "SQUARED_DIFFERENCE int16",
        integers_of(squared_difference),
        (IN16, IN16, IN16),
        codes((20, 1, 9), (5, 9)),
        (TFLM,),
        ratio=10000,
    ),
    *(
        Row(f"RESIZE_BILINEAR int{bits} {size} {mode}", resized(size, *modes), (grid,), images)
        for bits, grid in ((8, IN8), (16, IN16))
        for size in ((10, 14), (3, 4))
        for mode, modes in {"plain": (), "corners": (True, False), "centers": (False, True)}.items()
    ),
)


def drawn(rng, row):
    """The row's grids with numbers. Every other time the scales are powers of two, which make ties."""
    found = []
    ties = rng.integers(2)
    for i, grid in enumerate(row.grids):
        scale = np.float32(2.0 ** rng.integers(-5, 1)) if ties else np.float32(rng.uniform(0.01, 1))
        scale = scale * np.float32(row.ratio) if i == len(row.grids) - 1 else scale
        zero_point = np.float32(rng.integers(grid.qmin, grid.qmax + 1))
        found.append(
            replace(
                grid,
                scale=scale if grid.scale is None else np.float32(grid.scale),
                zero_point=zero_point if grid.zero_point is None else np.float32(grid.zero_point),
            )
        )
    return found


def in_keras(row, profile):
    """The row in keras.ops, of numbers (scales, zero points, operands) in lists."""

    def call(scales, zero_points, operands):
        grids = [replace(g, scale=s, zero_point=z) for g, s, z in zip(row.grids, scales, zero_points, strict=True)]
        with keras_arrays.wide_types():
            return keras.ops.cast(row.call(keras_arrays, profile, grids, operands), "float32")

    return call


@pytest.mark.parametrize(
    ("row", "profile"),
    [(row, profile) for row in ROWS for profile in row.profiles],
    ids=lambda x: getattr(x, "name", x),
)
def test_one_definition(row, profile):
    tf = pytest.importorskip("tensorflow")
    eager = in_keras(row, profile)
    graph = tf.function(eager, reduce_retracing=True)
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        grids = drawn(rng, row)
        operands = row.draw(rng, grids)
        with np.errstate(over="ignore"):
            expected = np.asarray(row.call(numpy_arrays, profile, grids, operands))
        tensors = [
            [tf.constant(v) for v in values]
            for values in ([g.scale for g in grids], [g.zero_point for g in grids], operands)
        ]
        for found in (eager(*tensors), graph(*tensors)):
            np.testing.assert_array_equal(np.asarray(found), expected)
        assert expected.size > 1 and (np.unique(expected).size > 1 or row.constant)
