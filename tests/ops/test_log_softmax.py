"""LOG_SOFTMAX against the real runtimes: row lengths, scales, ties; the rows and grids that must be refused."""

import numpy as np
import pytest

from tests.ops.elements import check_close, element, reals
from tests.ops.harness import RUNTIMES, check, model_of
from tfq.errors import TfqError, Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def log_softmax(name, shape, scale=0.1, zero_point=3, type="INT8", y=None, **more):
    y = y or (1 / 16, 127 if type == "INT8" else 255)
    return element("LOG_SOFTMAX", name, scale, zero_point, y, type=type, shape=shape, **more)


CASES = (
    log_softmax("plain", (1, 10), samples=50),
    log_softmax("one class", (1, 1)),
    log_softmax("two classes", (1, 2), 0.05, samples=50),
    log_softmax("fine", (1, 64), 2.0**-12),
    log_softmax("ties", (1, 64), 2.0**-4),
    log_softmax("steep", (1, 300), 7.5),
    log_softmax("steeper than the exponential", (1, 33), 40.0),
    log_softmax("half a step", (1, 33), 1 / 32, samples=50),
    log_softmax("image", (1, 3, 4, 50), 0.02, -128),
    log_softmax("vector", (17,), samples=1),
    log_softmax("many rows", (1, 3000, 100), samples=1),
    log_softmax("many classes", (1, 3000), 0.25),
    log_softmax("unsigned", (1, 10), 0.1, 130, "UINT8", samples=50),
    log_softmax("unsigned, many", (1, 300), 0.03, 0, "UINT8"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_log_softmax(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics):
    case = element("LOG_SOFTMAX", "real", type="FLOAT32")
    check_close(case, numerics, [reals((1, 5, 6, 7), 1000.0)])


@pytest.mark.parametrize("numerics", ("litert", "tflm"))
def test_rows_whose_sum_overflows(numerics):
    interpreter = Interpreter(model_of(log_softmax("flat", (1, 4100))), numerics=numerics)
    with pytest.raises(TfqError, match="add up to less than 4096"):
        interpreter.run(np.zeros((1, 4100), np.int8))


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (log_softmax("scale", (1, 4), y=(1 / 32, 127)), "litert", "scale 1/16 and zero point 127"),
        (log_softmax("zero point", (1, 4), y=(1 / 16, 126)), "xnnpack", "scale 1/16 and zero point 127"),
        (log_softmax("tiny", (1, 4), 2.0**-26), "tflm", "must be above 2..-25"),
        (log_softmax("unsigned", (1, 4), type="UINT8"), "tflm", "tflm takes INT8 or FLOAT32"),
        (log_softmax("empty", (1, 0)), "litert", "last axis with values"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
