"""Rows quantized as they come: zeros, one-sided rows, the vectors' rounding; the fused product against fractions."""

from fractions import Fraction

import numpy as np
import pytest

from tfq.numerics import dynamic_range
from tfq.ops.mac_hybrid import fused_multiply_add

METHODS = (dynamic_range.symmetric, dynamic_range.asymmetric, dynamic_range.xnnpack)


@pytest.mark.parametrize("quantize", METHODS)
def test_rows_have_their_own_scales(quantize):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 19)).astype(np.float32) * np.float32([[1e-30], [0.1], [1], [7], [1e30]])
    found = quantize(x)
    one_by_one = [quantize(row[None]) for row in x]
    assert np.array_equal(found.steps, np.concatenate([one.steps for one in one_by_one]))
    assert np.array_equal(found.scale, np.concatenate([one.scale for one in one_by_one]))
    assert np.all(found.steps == np.rint(found.steps)) and np.abs(found.steps).max() <= 255
    assert np.all(np.abs(found.steps * found.scale[:, None] - x) <= 1.01 * found.scale[:, None])


@pytest.mark.parametrize("quantize", METHODS)
@pytest.mark.parametrize("row", [(0.0,) * 9, (1.0, 2.0, 3.0), (-1.0, -2.0, -4.0), (-0.0, 5.0)])
def test_real_zero_is_a_step(quantize, row):
    found = quantize(np.asarray([row], np.float32))
    assert np.all(found.steps[0][np.asarray(row) == 0] == 0)
    assert found.scale[0] > 0


def test_vectors_round_in_float32():
    """127 * v with v just under 1/2: added to 1/2 it rounds to 1 in the vectors, not in the tail."""
    row = np.full(9, np.nextafter(np.float32(0.5), np.float32(0)), np.float32)
    row[7] = 127
    steps = dynamic_range.symmetric(row[None]).steps[0]
    assert steps.tolist() == [1, 1, 1, 1, 1, 1, 1, 127, 0]


def test_fused_multiply_add_rounds_once():
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(size=3000).astype(np.float32) for _ in range(3))
    # Sums within 2**-60 of a tie of float32, where float64 alone would round twice.
    a[:1000], b[:1000] = np.float32(1 + 2.0**-12), np.float32(1 + 2.0**-12)
    c[:1000] = np.float32(2.0**-60) * rng.choice([-1, 1], 1000)
    for x, y, z, got in zip(a, b, c, fused_multiply_add(a, b, c), strict=True):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        assert got == nearest(exact)


def nearest(exact: Fraction) -> np.float32:
    """The float32 nearest to a fraction, ties to even."""
    near = np.float32(float(exact))
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    distances = [abs(Fraction(float(v)) - exact) for v in around]
    best = [v for v, d in zip(around, distances, strict=True) if d == min(distances)]
    return best[0] if len(best) == 1 else next(v for v in best if int(v.view(np.uint32)) % 2 == 0)
