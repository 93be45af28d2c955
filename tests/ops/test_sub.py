"""SUB against the real runtimes: the second operand's sign, in the kernels of ADD and beyond XNNPACK's scales."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter

SHAPE = (1, 6, 7, 8)


def case(name, a=(0.1, 0), b=(0.05, 0), y=(0.2, 0), *, act="NONE", shapes=(SHAPE, SHAPE), twice=False, **more):
    """a, b, y: (scale, zero point). twice: one tensor is both operands."""
    first = activation("a", shapes[0], *a)
    second = first if twice else activation("b", shapes[1], *b)
    out = np.broadcast_shapes(*shapes)
    options = {"fused_activation_function": act}
    return Case(name, "SUB", (first, second), (activation("y", out, *y),), options, version=2, **more)


CASES = (
    case("plain"),
    case("zero points", (0.1, 3), (0.05, -77), (0.2, 12)),
    case("ties, half", (0.5, 0), (0.25, 0), (1.0, 0)),
    case("ties, thirds", (0.5, 1), (0.25, 2), (1.5, 3)),
    case("output finer", (0.1, 0), (0.3, 0), (0.004, 0)),
    case("below XNNPACK's ratios", (0.5, 3), (2.0**-13, 2), (1.0, 0)),
    case("above XNNPACK's ratios", (300.0, 3), (0.7, 2), (1.0, 0)),
    case("relu", act="RELU", y=(0.1, -100)),
    case("relu6", act="RELU6", y=(0.05, -4)),
    case("itself", (0.3, 5), y=(0.45, -3), twice=True),
    case("large", (0.1, 3), (0.05, -7), (0.3, 1), shapes=((1, 16, 17, 32), (1, 16, 1, 32))),
    case("broadcast the second", shapes=(SHAPE, (1, 1, 7, 1))),
    case("broadcast the first", shapes=((1, 1, 7, 1), SHAPE)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sub(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_refuses_an_output_scale_that_is_too_small(numerics):
    with pytest.raises(Unsupported, match="SUB 'y'.*output scale"):
        Interpreter(model_of(case("too fine", (1.0, 0), (0.5, 0), (1e-6, 0))), numerics=numerics)
