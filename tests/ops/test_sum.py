"""SUM against the real runtimes: axes, scales, ties; litert's int8, which reads the stored bytes as unsigned."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close
from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.reductions import along_all_axes, reduction
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def case(name, x=(0.1, 3), y=(0.5, -7), **more):
    return reduction("SUM", name, x, y, **more)


NOT_LITERT = ("xnnpack", "tflm")
CASES = (
    *along_all_axes("SUM", (0.1, 3), (0.5, -7)),
    case("ties", (0.5, 0), (1.0, 0), shape=(1, 3, 64), axes=(1,)),
    case("zero point at an end", (0.01, -128), (0.3, -128)),
    case("output coarse", (0.01, 5), (2.0, 9)),
    case("large count", (0.01, -1), (0.5, 3), shape=(1, 41, 39, 3), samples=2),
    *along_all_axes("SUM", (0.1, 130), (0.7, 120), type="UINT8"),
    case("uint8 ties", (0.5, 0), (1.0, 7), shape=(1, 3, 64), axes=(1,), type="UINT8"),
    *along_all_axes("SUM", (0.001, 0), (0.0071, 0), type="INT16", only=NOT_LITERT),
    case("int16 ties", (0.5, 0), (1.0, 0), shape=(1, 3, 64), axes=(1,), type="INT16", only=NOT_LITERT),
    case("int16 zero points", (0.001, 70), (0.007, -5), type="INT16", only=("tflm",)),
    *along_all_axes("SUM", type="INT32", only=LITERT_KERNELS),
    case("int64", type="INT64", only=LITERT_KERNELS),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sum(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", along_all_axes("SUM", type="FLOAT32"), ids=str)
def test_real(case, numerics):
    x = case.inputs[0]
    values = np.random.default_rng(7).normal(1, 3, (case.samples * x.shape[0], *x.shape[1:])).astype(np.float32)
    check_close(case, numerics, [values])


def test_litert_takes_negative_codes_for_large_ones():
    x = np.zeros((1, 5, 7, 4), np.int8)
    x[0, 0, 0] = [1, -1, -128, 0]
    model = model_of(case("bytes", (1.0, 0), (1.0, 0)))
    assert Interpreter(model, numerics="litert").run(x)[0].tolist() == [[1, -1, -128, 0]]
    x[0, 0, 1] = 3
    assert Interpreter(model, numerics="litert").run(x)[0].view(np.uint8).tolist() == [[4, 255, 131, 3]]
    assert Interpreter(model, numerics="tflm").run(x)[0].tolist() == [[4, 2, -125, 3]]


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (case("int16", type="INT16"), "litert", "litert takes INT8 or UINT8 or INT32"),
        (case("zero point", (0.1, 1), type="INT16"), "xnnpack", "zero points of 0"),
        (case("unsigned", y=(0.5, 7), type="UINT8"), "tflm", "tflm takes INT8 or INT16 or FLOAT32"),
        (case("axes", data=(4,)), "litert", "axes must be in"),
        (case("far", (1e9, 0), (0.5, 0)), "litert", "below 2"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
