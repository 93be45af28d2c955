"""L2_NORMALIZATION against the real runtimes: row lengths, zero points, rows of zeros; shapes and grids refused."""

import pytest

from tests.ops.elements import LITERT_KERNELS, element, reals
from tests.ops.harness import RUNTIMES, check, model_of
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def l2(name, shape, zero_point=3, y=None, type="INT8", **more):
    y = y or (1 / 128, 0 if type == "INT8" else 128)
    return element("L2_NORMALIZATION", name, 0.1, zero_point, y, type=type, shape=shape, **more)


CASES = (
    l2("plain", (1, 10), samples=50),
    l2("one value", (1, 1), samples=50),
    l2("two values", (1, 2), samples=100),
    l2("zero point at an end", (1, 7), -128, samples=50),
    l2("image", (1, 3, 4, 64), -20),
    l2("long rows", (1, 5000), 127),
    l2("vector", (17,), samples=1),
    l2("many rows", (1, 3000, 100), samples=1),
    l2("rank 5", (1, 2, 3, 4, 5), only=LITERT_KERNELS),
    l2("output grid ignored", (1, 10), y=(0.5, 7), only=("tflm",)),
    l2("unsigned", (1, 10), 130, type="UINT8", samples=50),
    l2("unsigned, two values", (1, 2), 0, type="UINT8", samples=100),
    l2("unsigned image", (1, 3, 4, 64), 255, type="UINT8"),
    l2("real", (1, 3, 4, 100), type="FLOAT32", y=(0, 0)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_l2_normalization(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_small_and_large(numerics):
    check(l2("real", (1, 5, 6), type="FLOAT32", y=(0, 0)), numerics, [reals((1, 5, 6), 1e19) * 1e-3])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (l2("scale", (1, 4), y=(1 / 127, 0)), "litert", "scale 1/128 and zero point 0"),
        (l2("zero point", (1, 4), y=(1 / 128, 1)), "xnnpack", "scale 1/128 and zero point 0"),
        (l2("rank 5", (1, 2, 3, 4, 5)), "tflm", "up to 4 axes"),
        (l2("empty", (1, 0)), "litert", "1 to 33025 values, received shape .1, 0."),
        (l2("too long", (1, 40000)), "litert", "1 to 33025 values"),
        (l2("activation", (1, 4), options={"fused_activation_function": "RELU"}), "litert", "no fused activation"),
        (l2("unsigned", (1, 4), type="UINT8"), "tflm", "tflm takes INT8 or FLOAT32"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
