"""FAKE_QUANT against LiteRT, to the bit: ranges, bits, halves, values beyond the range; refusals."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, element, reals
from tests.ops.harness import check, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def fake_quant(name, low=-1.0, high=1.0, bits=8, narrow=False, **more):
    options = {"min": low, "max": high, "num_bits": bits, "narrow_range": narrow}
    more = {"only": LITERT_KERNELS, "type": "FLOAT32", "version": 2 if narrow else 1, **more}
    return element("FAKE_QUANT", name, options=options, **more)


CASES = (
    fake_quant("plain"),
    fake_quant("six", 0.0, 6.0),
    fake_quant("negative only", -3.7, 0.0),
    fake_quant("nudged", -0.0371, 5.13),
    fake_quant("4 bits", -2.0, 1.3, 4),
    fake_quant("16 bits", -2.0, 1.3, 16),
    fake_quant("one bit", -2.0, 1.3, 1),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fake_quant(case, numerics):
    shape = case.inputs[0].shape
    fine = np.random.default_rng(2).uniform(-4, 4, shape).astype(np.float32)
    check(case, numerics, [np.concatenate([reals(shape), fine])])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (fake_quant("tflm"), "tflm", "tflm has no kernel"),
        (fake_quant("narrow", narrow=True), "litert", "narrow_range"),
        (fake_quant("above 0", 0.5, 1.0), "litert", "min <= 0 <= max"),
        (fake_quant("empty", 0.0, 0.0), "litert", "min < max"),
        (fake_quant("bits", bits=40), "litert", "1 to 16 bits"),
        (fake_quant("nan", low=float("nan")), "litert", "received nan"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
