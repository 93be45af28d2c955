"""REDUCE_MIN against the real runtimes: axes and types; grids that must be one, and where they need not."""

import pytest

from tests.ops.elements import LITERT_KERNELS
from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.reductions import along_all_axes, reduction
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def case(name, x=(0.1, 3), y=(0.1, 3), **more):
    return reduction("REDUCE_MIN", name, x, y, **more)


CASES = (
    *along_all_axes("REDUCE_MIN"),
    case("negative axes", data=(-2, 1)),
    case("an axis twice", data=(1, 2, -3)),
    case("scalar axis", axes=(2,), data=2),
    case("other grids", y=(0.3, -7), only=("xnnpack",)),
    case("uint8", type="UINT8"),
    case("uint8, other grids", y=(0.3, 7), type="UINT8", only=("xnnpack",)),
    case("int16", (0.1, 0), (0.1, 0), type="INT16", only=LITERT_KERNELS),
    case("int32", type="INT32", only=LITERT_KERNELS),
    case("int64", type="INT64", only=LITERT_KERNELS),
    *along_all_axes("REDUCE_MIN", type="FLOAT32"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reduce_min(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (case("scales", y=(0.2, 3)), "litert", "must share scale and zero point"),
        (case("zero points", y=(0.1, 4)), "tflm", "must share scale and zero point"),
        (case("int16 scales", (0.1, 0), (0.2, 0), type="INT16"), "xnnpack", "must share scale and zero point"),
        (case("int16 zero point", type="INT16"), "litert", "zero points of 0"),
        (case("int16", (0.1, 0), (0.1, 0), type="INT16"), "tflm", "tflm takes INT8 or FLOAT32"),
        (case("empty", shape=(1, 0, 3, 4)), "litert", "something along it"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
