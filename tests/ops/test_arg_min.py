"""ARG_MIN against the real runtimes: types, axes, ties."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, check
from tests.ops.movers import agree_in_types
from tests.ops.test_arg_max import case


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("axis", [1, 2, -1])
def test_arg_min(axis, numerics):
    check(case("axes", axis, code="ARG_MIN"), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_ties(numerics):
    x = np.random.default_rng(0).integers(0, 3, (4, 4, 33)).astype(np.int8)
    check(case("ties", shape=(1, 4, 33), code="ARG_MIN"), numerics, [x])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, type=type, code="ARG_MIN"), numerics)
