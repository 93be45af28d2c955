"""SUB against the real runtimes: the second operand's sign, in the kernels of ADD and beyond XNNPACK's scales."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tests.ops.pairs import BROADCASTS, pair
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


LITERT_ONLY = ("litert", "xnnpack")


def typed(name, type, *grids, act="NONE", pot=False, **more):
    """A case of another type than int8."""
    return pair(
        "SUB", name, *grids, type=type, options={"fused_activation_function": act, "pot_scale_int16": pot}, **more
    )


U8 = ((0.1, 3), (0.05, 77), (0.2, 128))
POWERS = ((2.0**-9, 0), (2.0**-17, 0), (2.0**-9, 0))

OTHER_TYPES = (
    *(typed(f"uint8 {k}", "UINT8", *U8, shapes=s, only=LITERT_ONLY) for k, s in BROADCASTS.items()),
    typed("uint8 below XNNPACK's ratios", "UINT8", (0.5, 3), (2.0**-13, 2), (1.0, 9), only=LITERT_ONLY),
    *(typed(f"int16 {k}", "INT16", (0.0123, 0), (0.0077, 0), (0.0171, 0), shapes=s) for k, s in BROADCASTS.items()),
    typed("int16 odd scales", "INT16", (3.1e-5, 0), (7.7e-5, 0), (9.3e-5, 0), samples=30),
    typed("int16 relu6", "INT16", (3.1e-4, 0), (7.7e-4, 0), (9.3e-4, 0), act="RELU6"),
    typed("int16 powers of two", "INT16", (2.0**-12, 0), (2.0**-10, 0), (2.0**-10, 0), pot=True),
    typed("int16 powers of two, broadcast", "INT16", *POWERS, pot=True, shapes=BROADCASTS["both ways"]),
    *(typed(f"float32 {k}", "FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
    *(typed(f"float32 {a}", "FLOAT32", act=a) for a in ("RELU", "RELU6", "RELU_N1_TO_1", "TANH")),
    *(typed(f"int32 {a}", "INT32", act=a, shapes=BROADCASTS["both ways"]) for a in ("NONE", "RELU", "RELU6")),
    *(typed(f"int64 {a}", "INT64", act=a, shapes=BROADCASTS["six axes"], only=LITERT_ONLY) for a in ("NONE", "RELU6")),
)  # fmt: skip

REFUSED_TYPES = (
    (typed("uint8", "UINT8"), ("tflm",)),
    (typed("int64", "INT64"), ("tflm",)),
    (typed("bool", "BOOL"), RUNTIMES),
    (typed("int16 without scales", "INT16", scaled=False), RUNTIMES),
    (typed("int16 with a zero point", "INT16", (0.1, 1)), LITERT_ONLY),
    (typed("int16 powers of two, both finer", "INT16", (0.5, 0), (0.5, 0), (1.0, 0), pot=True), LITERT_ONLY),
)  # fmt: skip


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED_TYPES for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="SUB 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES + OTHER_TYPES, ids=str)
def test_sub(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_refuses_an_output_scale_that_is_too_small(numerics):
    with pytest.raises(Unsupported, match="SUB 'y'.*output scale"):
        Interpreter(model_of(case("too fine", (1.0, 0), (0.5, 0), (1e-6, 0))), numerics=numerics)
