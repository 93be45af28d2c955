"""Ops of 8-bit integers that training and interpreter share: one definition, in NumPy and in keras.ops."""

import numpy as np
import pytest

from tests.qat.shared import IN8, SYMMETRIC8, Row, check, codes, each, elementwise, integers_of, stored, sums, totals
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


def averaged(xp, profile, grids, operands):
    """The average of 9 cells."""
    bounds = average_pool_2d.bounds(xp, profile, grids[0], "RELU6")
    return average_pool_2d.integers(xp, operands[0], np.full(400, 9), bounds)


def images(rng, grids):
    """Stored integers [3, 5, 7, 2]."""
    return [stored(rng, grids[0], (3, 5, 7, 2))]


def resized(size, *modes):
    """To that size with align_corners and half_pixel_centers."""

    def call(xp, profile, grids, operands):
        return resize_bilinear.integers(xp, profile, operands[0], size, *modes, qmax=grids[0].qmax)

    return call


PAIR, LIST = codes((20, 1, 9), (5, 9)), codes((50, 9))
ROWS = (
    Row("ADD", integers_of(add, "RELU6"), (IN8, IN8, IN8), PAIR),
    Row("SUB", integers_of(sub, "NONE"), (IN8, IN8, IN8), PAIR),
    Row("SUB, relu", integers_of(sub, "RELU"), (IN8, IN8, IN8), PAIR),
    Row("MUL", integers_of(mul, "NONE"), (IN8, IN8, IN8), PAIR),
    Row("SQUARED_DIFFERENCE", integers_of(squared_difference), (IN8, IN8, IN8), PAIR, ratio=9),
    Row("PRELU", integers_of(prelu), (IN8, IN8, IN8), codes((20, 4, 9), (1, 9))),
    Row("PRELU, symmetric alpha", integers_of(prelu), (IN8, SYMMETRIC8, IN8), codes((20, 4, 9), (1, 9))),
    Row("BATCH_MATMUL", integers_of(batch_matmul), (IN8, IN8, IN8), sums(60, 2**14), ratio=60),
    Row("MEAN", integers_of(mean, 12), (IN8, IN8), totals(12)),
    Row("AVERAGE_POOL_2D", averaged, (IN8,), totals(9)),
    Row("RELU", integers_of(relu, "RELU"), (IN8, IN8), LIST),
    Row("RELU6", integers_of(relu, "RELU6"), (IN8, IN8), LIST),
    Row("LEAKY_RELU", elementwise(leaky_relu, 0.17), (IN8, IN8), LIST),
    Row("QUANTIZE", integers_of(quantize), (IN8, IN8), LIST),
    Row("LOGISTIC", elementwise(logistic), (IN8, IN8), LIST),
    Row("TANH", elementwise(tanh), (IN8, IN8), LIST),
    Row("SOFTMAX", integers_of(softmax), (IN8,), LIST),
    Row("LOG_SOFTMAX", integers_of(log_softmax), (IN8,), LIST),
    Row("L2_NORMALIZATION", integers_of(l2_normalization), (IN8,), LIST),
    Row("L2_NORMALIZATION, one value", integers_of(l2_normalization), (IN8,), codes((40, 1))),
    *(
        Row(f"RESIZE_BILINEAR {size} {mode}", resized(size, *modes), (IN8,), images)
        for mode, size, modes in (
            ("plain", (10, 14), ()),
            ("plain", (3, 4), ()),
            ("corners", (10, 14), (True, False)),
            ("centers", (10, 14), (False, True)),
            ("centers", (3, 4), (False, True)),
        )
    ),
)


@pytest.mark.parametrize(("row", "profile"), each(ROWS), ids=lambda x: x.name)
def test_one_definition(row, profile):
    check(row, profile)
