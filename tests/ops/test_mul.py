"""MUL against the real runtimes: scales, ties, broadcasting, activations, and XNNPACK's square of one tensor."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of, weights
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

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
    return Case(name, "MUL", (first, second), (activation("y", out, *y),), options, version=2, **more)


CASES = (
    case("plain"),
    case("zero points", (0.1, 3), (0.05, -77), (0.7, 12)),
    case("extreme zero points", (0.1, -128), (0.1, 127), (5.0, -128)),
    case("ties, half", (0.5, 0), (1.0, 0), (1.0, 0)),
    case("ties, 2**-6", (0.25, 7), (0.125, -7), (2.0, 1)),
    case("ties, thirds", (0.5, 0), (0.5, 0), (1.5, 0)),
    case("ratio above 1", (1.0, 0), (1.0, 0), (0.01, 0)),
    case("ratio just under 256", (1.0, 0), (2.55, 0), (0.01, 0)),
    case("below XNNPACK's ratios", (2.0**-9, 0), (2.0**-8, -128), (1.0, 0)),
    case("relu", act="RELU", y=(0.05, -128)),
    case("relu6", act="RELU6", y=(0.05, -4)),
    case("relu6, bound on a tie", act="RELU6", y=(4 / 3, -4)),
    case("broadcast both", shapes=((1, 6, 1, 8), (1, 1, 7, 8))),
    case("constant per channel", (0.1, 4), (0.02, -3), const=(8,)),
    case("constant of one element", (0.1, 4), (0.02, -3), const=(1,)),
    case("large", (0.1, 3), (0.05, -7), (0.3, 1), shapes=((1, 16, 17, 32), (1, 16, 1, 32))),
    case("rank 5, broadcast", shapes=((1, 2, 3, 4, 5), (1, 1, 3, 1, 5))),
    case("square", (0.1, 5), y=(0.6, -100), twice=True),
    case("square, ties", (0.5, 0), y=(0.5, 0), twice=True),
    case("square, saturating", (0.5, -128), y=(0.25, -128), twice=True),
    case("square, relu6", (0.1, 5), y=(0.05, -100), twice=True, act="RELU6"),
    case("square, relu", (0.1, 5), y=(1.1, 30), twice=True, act="RELU"),
    case("square below XNNPACK's ratios", (2.0**-9, 5), y=(8.0, 3), twice=True),
)  # fmt: skip


LITERT_ONLY = ("litert", "xnnpack")


def typed(name, type, *grids, act="NONE", **more):
    """A case of another type than int8."""
    return pair("MUL", name, *grids, type=type, options={"fused_activation_function": act}, **more)


U8 = ((0.1, 3), (0.05, 77), (0.7, 128))

OTHER_TYPES = (
    *(typed(f"uint8 {k}", "UINT8", *U8, shapes=s, only=LITERT_ONLY) for k, s in BROADCASTS.items()),
    typed("uint8 relu6", "UINT8", (0.5, 100), (0.25, 7), (4 / 3, 20), act="RELU6", only=LITERT_ONLY),
    typed("uint8 below XNNPACK's ratios", "UINT8", (2.0**-9, 0), (2.0**-8, 255), (1.0, 9), only=LITERT_ONLY),
    typed("uint8 square", "UINT8", (0.1, 5), y=(0.6, 100), twice=True, only=LITERT_ONLY),
    *(typed(f"int16 {k}", "INT16", (1.3e-3, 0), (2.7e-4, 0), (1.1e-3, 0), shapes=s) for k, s in BROADCASTS.items()),
    typed("int16 full range", "INT16", (3.1e-5, 0), (7.7e-5, 0), (7.9e-5, 0), samples=30),
    typed("int16 ratio above 1", "INT16", (0.5, 0), (0.5, 0), (1 / 16, 0)),
    typed("int16 ties", "INT16", (2.0**-4, 0), (2.0**-4, 0), (1.0, 0)),
    typed("int16 relu6", "INT16", (1.3e-3, 0), (2.7e-4, 0), (1.1e-3, 0), act="RELU6"),
    typed("int16 square", "INT16", (1.3e-3, 0), y=(1.1e-3, 0), twice=True),
    typed("int16 numbers", "INT16", scaled=False, only=LITERT_ONLY),
    typed("int16 numbers, relu6", "INT16", scaled=False, act="RELU6", only=LITERT_ONLY, shapes=BROADCASTS["both ways"]),
    typed("int16 into int8", "INT16", y=(0.1, -3), output="INT8", only=LITERT_ONLY, samples=20),
    typed("int16 into int8, relu", "INT16", y=(0.1, 3), output="INT8", act="RELU", only=LITERT_ONLY),
    typed("int16 into uint8", "INT16", y=(0.1, 100), output="UINT8", only=LITERT_ONLY, samples=20),
    *(typed(f"float32 {k}", "FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
    *(typed(f"float32 {a}", "FLOAT32", act=a) for a in ("RELU", "RELU6", "RELU_N1_TO_1", "TANH")),
    typed("float32 square", "FLOAT32", twice=True),
    *(typed(f"int32 {a}", "INT32", act=a, shapes=BROADCASTS["both ways"]) for a in ("NONE", "RELU", "RELU6")),
    *(typed(f"int64 {a}", "INT64", act=a, shapes=BROADCASTS["six axes"], only=LITERT_ONLY) for a in ("NONE", "RELU6")),
    typed("uint32", "UINT32", shapes=BROADCASTS["both ways"], only=LITERT_ONLY),
)  # fmt: skip

REFUSED_TYPES = (
    (typed("uint8", "UINT8"), ("tflm",)),
    (typed("bool", "BOOL"), RUNTIMES),
    (typed("int16 without scales", "INT16", scaled=False), ("tflm",)),
    (typed("int16 with a zero point", "INT16", (0.1, 1)), RUNTIMES),
    (typed("int16 into int8", "INT16", output="INT8"), ("tflm",)),
    (typed("int16 into int8, broadcast", "INT16", output="INT8", shapes=((1, 3), (1, 1))), RUNTIMES),
)  # fmt: skip


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED_TYPES for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="MUL 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES + OTHER_TYPES, ids=str)
def test_mul(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(
    "refused", [case("ratio 256", (1.0, 0), (2.56, 0), (0.01, 0)), case("an activation", act="TANH")], ids=str
)
def test_xnnpack_refuses_what_runs_in_another_kernel(refused):
    with pytest.raises(Unsupported, match="MUL 'y'.*below 256"):
        Interpreter(model_of(refused), numerics="xnnpack")


def test_square_is_not_the_product():
    """The exception exists: a tensor times itself and times its equal differ in XNNPACK at ties."""
    square, product = (case("s", (0.5, 0), y=(2.0, 1), twice=twice) for twice in (True, False))
    x = np.resize(np.arange(-128, 128), SHAPE).astype(np.int8)
    one = Interpreter(model_of(square), numerics="xnnpack").run(x)[0]
    two = Interpreter(model_of(product), numerics="xnnpack").run([x, x])[0]
    assert (one != two).any()


def test_refuses_shapes_that_do_not_broadcast():
    first, second = activation("a", (1, 3)), activation("b", (1, 4))
    with pytest.raises(Unsupported, match="MUL 'y'.*do not broadcast"):
        Interpreter(model_of(Case("apart", "MUL", (first, second), (activation("y", (1, 4)),))))
