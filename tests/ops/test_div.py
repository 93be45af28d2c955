"""DIV against the real runtimes: every sign, scales far apart, C's integer division, and divisors of zero."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, check, model_of, patterns
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")


def case(name, *grids, act="NONE", **more):
    return pair("DIV", name, *grids, options={"fused_activation_function": act}, **more)


CASES = (
    *(case(k, (0.1, 3), (0.05, -77), (0.2, 12), shapes=s) for k, s in BROADCASTS.items()),
    case("ties", (0.5, 0), (0.25, 0), (1.0, 0), samples=20),
    case("fine output", (0.1, 3), (0.05, 5), (0.001, 0)),
    case("coarse output", (0.1, 3), (0.05, 5), (90.0, 0)),
    case("relu6", (0.1, 3), (0.05, 5), (0.05, -100), act="RELU6"),
    case("shifts outside 0..31", (300.0, 3), (0.0005, 5), (1.0, 0)),
    case("shifts far outside", (1e-4, 3), (700.0, 5), (50.0, 0)),
    case("uint8", (0.1, 3), (0.05, 77), (0.2, 12), type="UINT8", only=LITERT_ONLY),
    case("int16", (0.001, 0), (0.0005, 0), (0.002, 0), type="INT16", only=LITERT_ONLY, samples=20),
    case("int16, zero points", (0.001, 5), (0.0005, -7), (0.002, 30), type="INT16", only=LITERT_ONLY),
    case("int32", type="INT32", shapes=BROADCASTS["both ways"]),
    case("int32 relu6", type="INT32", shapes=BROADCASTS["both ways"], act="RELU6"),
)
REALS = (
    *(case(f"float32 {k}", type="FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
    case("float32 relu6", type="FLOAT32", act="RELU6"),
)
REFUSED = (
    (case("uint8", type="UINT8"), ("tflm",)),
    (case("int16", type="INT16"), ("tflm",)),
    (case("int64", type="INT64"), RUNTIMES),
)


def without_zeros(case):
    """Inputs whose divisor is never zero, nor -1."""
    rng = np.random.default_rng(len(case.name))
    first, second = case.inputs
    a, b = (patterns(t, rng, case.samples) for t in (first, second))
    zero = 0 if second.quantization is None else int(second.quantization.zero_point[0])
    return [a, np.where((b == zero) | (b == -1), np.asarray(zero + 3, b.dtype), b)]


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_div(case, numerics):
    check(case, numerics, without_zeros(case))


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", REALS, ids=str)
def test_div_of_reals(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="DIV 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize(
    ("type", "a", "b", "words"), [("INT8", 7, 5, "holds 5 1 times"), ("INT32", -(2**31), -1, "overflows")]
)
def test_refuses_divisors_that_stop_the_runtime(type, a, b, words):
    divide = case("stops", (0.1, 3), (0.05, 5), (0.2, 12), type=type, shapes=((1, 1), (1, 1)))
    arrays = [np.array([[value]], divide.inputs[0].dtype) for value in (a, b)]
    for numerics in RUNTIMES:
        with pytest.raises(Unsupported, match=f"DIV 'y'.*{words}"):
            Interpreter(model_of(divide), numerics=numerics).run(arrays)
