"""ADD against the real runtimes: scales, ties, broadcasting, activations, one tensor twice, and what is refused."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of, weights
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter
from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK
from tfq.ops import add

SHAPE = (1, 6, 7, 8)


def case(
    name, a=(0.1, 0), b=(0.05, 0), y=(0.2, 0), *, act="NONE", shapes=(SHAPE, SHAPE), twice=False, const=None, **more
):
    """a, b, y: (scale, zero point). const: shape of a constant second operand. twice: one tensor is both operands."""
    first = activation("a", shapes[0], *a)
    second = first if twice else activation("b", shapes[1], *b)
    if const is not None:
        rng = np.random.default_rng(len(name))
        second = weights(rng.integers(-128, 128, const).astype(np.int8), b[0], zero_point=b[1])
    out = np.broadcast_shapes(shapes[0], second.shape)
    options = {"fused_activation_function": act}
    return Case(name, "ADD", (first, second), (activation("y", out, *y),), options, version=2, **more)


CASES = (
    case("plain"),
    case("zero points", (0.1, 3), (0.05, -77), (0.2, 12)),
    case("extreme zero points", (0.1, -128), (0.1, 127), (0.2, -128)),
    case("one scale for all", (0.1, 5), (0.1, 5), (0.1, 5)),
    case("ties, half", (0.5, 0), (0.25, 0), (1.0, 0)),
    case("ties, quarter", (0.25, 7), (0.25, -7), (1.0, 1)),
    case("ties, thirds", (0.5, 0), (0.25, 0), (1.5, 0)),
    case("ties, both ways", (2.0, -128), (0.5, 127), (4.0, 0)),
    case("output finer", (0.1, 0), (0.3, 0), (0.004, 0)),
    case("output coarser", (0.1, 0), (0.3, 0), (9.7, 0)),
    case("operands far apart", (0.9, 4), (0.0011, 9), (1.0, 0)),
    case("ratio just under 256", (0.255, 0), (0.1, 0), (0.001, 0)),
    case("below XNNPACK's ratios", (0.5, 3), (2.0**-13, 2), (1.0, 0)),
    case("below XNNPACK's ratios, both", (2.0**-12, 3), (2.0**-13, 2), (1.0, 0)),
    case("relu", act="RELU", y=(0.1, -128)),
    case("relu, zero point inside", act="RELU", y=(0.1, 17)),
    case("relu6", act="RELU6", y=(0.05, -4)),
    case("relu6, bound on a tie", act="RELU6", y=(4 / 3, -4)),
    case("relu n1 to 1", act="RELU_N1_TO_1"),
    case("an activation that kernels ignore", (0.5, 0), (0.25, 0), (4 / 3, 0), act="TANH"),
    case("itself", (0.3, 5), y=(0.45, -3), twice=True),
    case("broadcast a row", shapes=(SHAPE, (1, 1, 7, 1))),
    case("broadcast both", shapes=((1, 6, 1, 8), (1, 1, 7, 8))),
    case("constant", const=SHAPE),
    case("constant per channel", (0.1, 4), (0.02, -3), const=(8,)),
    case("constant of one element", (0.1, 4), (0.02, -3), const=(1, 1, 1, 1)),
    case("large", (0.1, 3), (0.05, -7), (0.3, 1), shapes=((1, 16, 17, 32), (1, 16, 1, 32))),
    case("rank 2", shapes=((1, 33), (1, 33))),
    case("rank 5", shapes=((1, 2, 3, 4, 5), (1, 2, 3, 4, 5))),
    case("rank 5, broadcast", shapes=((1, 2, 3, 4, 5), (1, 1, 3, 1, 5))),
)  # fmt: skip

LITERT_ONLY = ("litert", "xnnpack")


def typed(name, type, *grids, act="NONE", pot=False, **more):
    """A case of another type than int8."""
    return pair(
        "ADD", name, *grids, type=type, options={"fused_activation_function": act, "pot_scale_int16": pot}, **more
    )


U8 = ((0.1, 3), (0.05, 77), (0.2, 128))

OTHER_TYPES = (
    *(typed(f"uint8 {k}", "UINT8", *U8, shapes=s, only=LITERT_ONLY) for k, s in BROADCASTS.items()),
    typed("uint8 ties", "UINT8", (0.5, 0), (0.25, 7), (1.0, 255), only=LITERT_ONLY),
    typed("uint8 relu6", "UINT8", (0.5, 100), (0.25, 7), (4 / 3, 20), act="RELU6", only=LITERT_ONLY),
    typed("uint8 below XNNPACK's ratios", "UINT8", (0.5, 3), (2.0**-13, 2), (1.0, 9), only=LITERT_ONLY),
    *(typed(f"int16 {k}", "INT16", (0.0123, 0), (0.0077, 0), (0.0171, 0), shapes=s) for k, s in BROADCASTS.items()),
    typed("int16 ties", "INT16", (0.5, 0), (0.25, 0), (1.0, 0)),
    typed("int16 odd scales", "INT16", (3.1e-5, 0), (7.7e-5, 0), (9.3e-5, 0), samples=30),
    typed("int16 relu6", "INT16", (3.1e-4, 0), (7.7e-4, 0), (9.3e-4, 0), act="RELU6"),
    typed("int16 far apart", "INT16", (0.9, 0), (0.0011, 0), (1.0, 0)),
    typed("int16 powers of two", "INT16", (2.0**-12, 0), (2.0**-10, 0), (2.0**-10, 0), pot=True),
    typed("int16 powers of two, second finer", "INT16", (2.0**-10, 0), (2.0**-17, 0), (2.0**-10, 0), pot=True),
    typed("int16 powers of two, relu", "INT16", (2.0**-10, 0), (2.0**-10, 0), (2.0**-10, 0), pot=True, act="RELU6"),
    typed("int16 not powers of two", "INT16", (2.0**-10, 0), (0.003, 0), (2.0**-10, 0), pot=True),
    typed("int16 numbers", "INT16", scaled=False, only=LITERT_ONLY),
    typed("int16 numbers, relu6", "INT16", scaled=False, act="RELU6", only=LITERT_ONLY, shapes=BROADCASTS["both ways"]),
    *(typed(f"float32 {k}", "FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
    *(typed(f"float32 {a}", "FLOAT32", act=a) for a in ("RELU", "RELU6", "RELU_N1_TO_1", "TANH")),
    typed("float32 scalars", "FLOAT32", shapes=((1,), ()), const=2.5),
    typed("float32 seven axes", "FLOAT32", shapes=((1, 2, 1, 2, 1, 2, 3), (1, 1, 2, 1, 2, 2, 3))),
    *(typed(f"int32 {a}", "INT32", act=a, shapes=BROADCASTS["both ways"]) for a in ("NONE", "RELU", "RELU6")),
    *(typed(f"int64 {a}", "INT64", act=a, shapes=BROADCASTS["five axes"], only=LITERT_ONLY) for a in ("NONE", "RELU6")),
)  # fmt: skip

REFUSED_TYPES = (
    (typed("uint8", "UINT8"), ("tflm",)),
    (typed("int64", "INT64"), ("tflm",)),
    (typed("bool", "BOOL"), RUNTIMES),
    (typed("int16 without scales", "INT16", scaled=False), ("tflm",)),
    (typed("int16 with a zero point", "INT16", (0.1, 1)), LITERT_ONLY),
    (typed("int16 powers of two, coarser", "INT16", (2.0, 0), (1.0, 0), (1.0, 0), pot=True), LITERT_ONLY),
    (typed("int16 powers of two, both finer", "INT16", (0.5, 0), (0.5, 0), (1.0, 0), pot=True), LITERT_ONLY),
    (typed("int16 powers of two, broadcast", "INT16", *[(1.0, 0)] * 3, pot=True, shapes=((1, 3), (1, 1))), LITERT_ONLY),
    (typed("float32 into int8", "FLOAT32", output="INT8"), ("tflm",)),
    (typed("int32 and float32", "INT32", second="FLOAT32"), RUNTIMES),
)  # fmt: skip

REFUSED = (
    (case("output far too fine", (1.0, 0), (0.5, 0), (1e-6, 0)), RUNTIMES),
    (case("ratio 256", (1.0, 0), (0.1, 0), (2.0**-8, 0)), ("xnnpack",)),
    (case("below and above", (200.0, 0), (2.0**-12, 0), (1.0, 0)), ("xnnpack",)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES + OTHER_TYPES, ids=str)
def test_add(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_scales_that_cannot_meet(case, numerics):
    with pytest.raises(Unsupported, match="ADD 'y'.*scale"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED_TYPES for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="ADD 'y'"):
        Interpreter(model_of(case), numerics=numerics)


AWAY = [-3, -2, -1, 0, 1, 2, 3]


@pytest.mark.parametrize(("profile", "expected"), [(LITERT, AWAY), (TFLM, AWAY), (XNNPACK, [-2, -1, 0, 0, 1, 2, 3])])
def test_ties(profile, expected):
    """-2.5, -1.5, ... 2.5 and 0: halves away from zero in the built-in kernels, up in XNNPACK."""
    grid = Affine(np.float32(1), np.float32(0))
    constants = add.constants(arrays, profile, grid, grid, Affine(np.float32(2), np.float32(0)), "NONE")
    got = add.integers(arrays, profile, constants, np.array([-5, -3, -1, 0, 1, 3, 5], np.int8), np.zeros(7, np.int8))
    assert got.tolist() == expected


def test_refuses_shapes_that_do_not_broadcast():
    first, second = activation("a", (1, 3)), activation("b", (1, 4))
    with pytest.raises(Unsupported, match="ADD 'y'.*do not broadcast"):
        Interpreter(model_of(Case("apart", "ADD", (first, second), (activation("y", (1, 4)),))))
