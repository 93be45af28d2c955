"""NON_MAX_SUPPRESSION_V5 against LiteRT: scores that overlaps lower, and a sigma below 0."""

import numpy as np
import pytest

from tests.ops.harness import model_of
from tests.ops.movers import LITERT_KERNELS, refuses, refuses_values, tensor
from tests.ops.test_non_max_suppression_v4 import boxes_of, case
from tfq import runtimes
from tfq.interpreter import Interpreter


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("sigma", [0.0, 0.1, 0.5])
def test_falling_scores(sigma, numerics):
    """Indices are equal; scores, products of exponentials, to a few units in the last place."""
    for seed in range(3):
        scores = np.random.default_rng(seed).uniform(0, 1, 40).astype(np.float32)
        one = case(15, 0.6, 0.1, sigma)
        data = model_of(one)
        got = Interpreter(data, numerics=numerics).run([boxes_of(seed), scores])
        if reason := runtimes.available(numerics):
            pytest.skip(reason)
        want = runtimes.run(numerics, data, [boxes_of(seed), scores]).outputs
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_array_equal(got[2], want[2])
        np.testing.assert_allclose(got[1], want[1], rtol=1e-6)


def test_refuses():
    refuses(case(-1, sigma=0.5), "litert")
    one = case(3, sigma=0.5)
    computed = (*one.inputs[:5], tensor("sigma", (), "FLOAT32"))
    scores = np.ones(40, np.float32)
    negative = type(one)("sigma", one.code, computed, one.outputs)
    refuses_values(negative, [boxes_of(0), scores, np.array(-1, np.float32)])
