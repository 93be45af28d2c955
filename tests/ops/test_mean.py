"""MEAN against the real runtimes: axes, kept or not, counts, scales and ties."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close
from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.reductions import along_all_axes, reduction
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, shape=(1, 5, 7, 4), axes=(1, 2), x=(0.1, 3), y=(0.1, 3), **more):
    """x, y: (scale, zero point). data: the axes as they are stored, where they differ from `axes`."""
    return reduction("MEAN", name, x, y, shape=shape, axes=axes, **more)


CASES = (
    case("image"),
    case("image, kept", keep=True),
    case("image, other scale", y=(0.07, -20)),
    case("last axis", axes=(3,)),
    case("one axis", axes=(1,), y=(0.03, 0)),
    case("all but the batch", axes=(1, 2, 3), keep=True),
    case("the batch", (3, 5, 2), (0,), samples=1),
    case("everything, kept", (2, 3, 4, 5), (0, 1, 2, 3), keep=True),
    case("negative axes", data=(-2, 1)),
    case("an axis twice", data=(1, 2, -3)),
    case("scalar axis", axes=(2,), data=2),
    case("ties over 2", (1, 2, 64), (1,), (0.5, 0), (0.5, 0)),
    case("ties over 4", (1, 2, 2, 64), (1, 2), (0.5, 0), (1.0, 5)),
    case("ties over 8, zero point", (1, 8, 64), (1,), (0.25, -3), (0.25, 7)),
    case("ties over 3", (1, 3, 64), (1,), (1.5, 0), (1.0, 0)),
    case("one element", (1, 1, 1, 64), (1, 2), (0.3, 5), (0.2, -5)),
    case("large count", (1, 41, 39, 3), samples=2),
    case("output finer", y=(0.004, 0)),
    case("output much coarser", y=(11.0, 0)),
    case("rank 2", (1, 65), (1,), keep=True),
    case("rank 5", (1, 2, 3, 4, 5), (2, 3)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_mean(case, numerics):
    check(case, numerics)


OTHER_TYPES = (
    *along_all_axes("MEAN", (0.1, 130), (0.07, 120), type="UINT8"),
    case("uint8 ties", (1, 2, 64), (1,), (0.5, 0), (0.5, 7), type="UINT8"),
    *along_all_axes("MEAN", (0.001, 0), (0.00071, 0), type="INT16"),
    case("int16 ties", (1, 2, 64), (1,), (0.5, 0), (0.5, 0), type="INT16"),
    case("int16 large", (1, 200, 190, 3), x=(0.001, 0), y=(0.0007, 0), type="INT16", samples=1),
    case("int16 zero points", x=(0.001, 70), y=(0.0007, -5), type="INT16", only=("tflm",)),
    case("int32", type="INT32", only=LITERT_KERNELS),
    case("int32 last", axes=(3,), type="INT32", only=LITERT_KERNELS),
    case("int64", type="INT64", only=LITERT_KERNELS),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", OTHER_TYPES, ids=str)
def test_other_types(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", along_all_axes("MEAN", type="FLOAT32"), ids=str)
def test_real(case, numerics):
    check_close(case, numerics, [_reals(case)])


def _reals(case):
    x = case.inputs[0]
    return np.random.default_rng(7).normal(1, 3, (case.samples * x.shape[0], *x.shape[1:])).astype(np.float32)


@pytest.mark.parametrize("data", [np.zeros(0), (4,), (-5,)], ids=str)
def test_refuses_axes(data):
    with pytest.raises(Unsupported, match="MEAN 'y'.*ax"):
        Interpreter(model_of(case("axes", data=data)), numerics="xnnpack")


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (case("zero point", x=(0.1, 1), type="INT16"), "litert", "zero points of 0"),
        (case("unsigned", type="UINT8"), "tflm", "tflm takes INT8 or INT16 or FLOAT32"),
        (case("empty", (1, 0, 3, 4)), "litert", "something along it"),
        (case("far", x=(1e9, 0), y=(0.5, 0)), "litert", "below 2"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
