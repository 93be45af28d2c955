"""Arithmetic that training and interpreter share, as rows: NumPy and keras.ops must give equal integers.

Eager and in a graph; scales and zero points are tensors in the graph, as in training. The tests of tests/ops hold the
NumPy side to the real runtimes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK
from tfq.qat import arrays as keras_arrays

PROFILES = (LITERT, XNNPACK, TFLM)
TRACED = (
    LITERT,
    XNNPACK,
)  # tflm's arithmetic is made of the same steps as litert's, and tracing takes most of the time
SEEDS = 3
IN8, IN16, SYMMETRIC8 = Affine(None, None), Affine(None, 0, -32768, 32767), Affine(None, 0)


@dataclass(frozen=True)
class Row:
    """call(xp, profile, grids, operands) -> stored integers. draw(rng, grids) -> operands.

    grids: None for what is drawn, a scale or a zero point; ratio: the last grid's scale per product of the others'.
    """

    name: str
    call: Callable
    grids: tuple[Affine, ...]
    draw: Callable
    profiles: tuple = PROFILES
    ratio: float = 1.0


def each(rows):
    """(row, profile) of all of them, for parametrize."""
    return [(row, profile) for row in rows for profile in row.profiles]


# Operands.


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


# Calls.


def integers_of(op, *more):
    """constants of all grids and what follows them, integers of all operands."""

    def call(xp, profile, grids, operands):
        return op.integers(xp, profile, op.constants(xp, profile, *grids, *more), *operands)

    return call


def elementwise(op, *more):
    """integers of two grids, one operand and what follows it."""

    def call(xp, profile, grids, operands):
        return op.integers(xp, profile, *grids, *operands, *more)

    return call


# The check.


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
    """The row in keras.ops, of scales, zero points and operands in lists."""

    def call(scales, zero_points, operands):
        grids = [replace(g, scale=s, zero_point=z) for g, s, z in zip(row.grids, scales, zero_points, strict=True)]
        with keras_arrays.wide_types():
            return keras.ops.cast(row.call(keras_arrays, profile, grids, operands), "float32")

    return call


def check(row, profile):
    """One definition, one result."""
    eager = in_keras(row, profile)
    calls = [eager, tf.function(eager, autograph=False)] if profile in TRACED else [eager]
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
        for call in calls:
            np.testing.assert_array_equal(np.asarray(call(*tensors)), expected)
        assert np.unique(expected).size > 1
