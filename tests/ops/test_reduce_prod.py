"""REDUCE_PROD against LiteRT: axes, scales that rescale each factor, plain numbers; TFLite Micro has none."""

import dataclasses

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close
from tests.ops.harness import Case, check, model_of
from tests.ops.reductions import along_all_axes, reduction
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def case(name, x=(0.1, 3), y=(0.1, 3), **more):
    return reduction("REDUCE_PROD", name, x, y, **{"only": LITERT_KERNELS, **more})


def unscaled(case: Case) -> Case:
    """The case without scales."""
    inputs = (dataclasses.replace(case.inputs[0], quantization=None), case.inputs[1])
    return dataclasses.replace(case, inputs=inputs, outputs=(dataclasses.replace(case.outputs[0], quantization=None),))


CASES = (
    *along_all_axes("REDUCE_PROD", (0.02, 3), (0.01, -9), only=LITERT_KERNELS),
    case("two factors", (0.1, 3), (0.7, 0), shape=(1, 2, 64), axes=(1,)),
    case("two factors, ties", (0.5, 0), (8.0, 0), shape=(1, 2, 64), axes=(1,)),
    case("one factor", (0.1, 3), (0.03, 0), shape=(1, 1, 64), axes=(1,)),
    case("three factors", (0.03, -100), (0.02, -100), shape=(1, 3, 64), axes=(1,)),
    case("large", (1.5, 3), (300.0, 0), shape=(1, 3, 64), axes=(1,)),
    case("int16", (0.001, 0), (0.01, 0), shape=(1, 3, 64), axes=(1,), type="INT16"),
    case("int16 image", (0.00005, 0), (0.00003, 0), type="INT16"),
    *along_all_axes("REDUCE_PROD", type="INT32", only=LITERT_KERNELS),
    case("int64", type="INT64"),
    unscaled(case("int8 without scales")),
    unscaled(case("int16 without scales", type="INT16")),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reduce_prod(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", along_all_axes("REDUCE_PROD", type="FLOAT32", only=LITERT_KERNELS), ids=str)
def test_real(case, numerics):
    x = case.inputs[0]
    values = np.random.default_rng(7).uniform(0.5, 1.5, (case.samples * x.shape[0], *x.shape[1:])).astype(np.float32)
    check_close(case, numerics, [values])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (case("tflm", only=("tflm",)), "tflm", "tflm has no kernel"),
        (case("far", (1e9, 0), (0.5, 0)), "litert", "must be in"),
        (case("unsigned", type="UINT8"), "litert", "input type must be"),
        (case("long", shape=(1, 2**14 + 1, 1), axes=(1,)), "litert", "has 16385 factors"),
        (case("int16 zero point", type="INT16"), "litert", "zero points of 0"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
