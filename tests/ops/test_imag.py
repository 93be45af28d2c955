"""IMAG against LiteRT; TFLite Micro has none."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS
from tests.ops.harness import Case, check, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

pytestmark = pytest.mark.parity

CASE = Case("imag", "IMAG", (Tensor("x", (1, 5, 6), "COMPLEX64"),), (Tensor("y", (1, 5, 6), "FLOAT32"),))


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_imag(numerics):
    rng = np.random.default_rng(0)
    x = (rng.normal(0, 3, (3, 5, 6)) + 1j * rng.normal(0, 3, (3, 5, 6))).astype(np.complex64)
    x[0, 0, :3] = 0, 3 + 4j, 1e20 - 1e20j
    check(CASE, numerics, [x])


def test_tflm_has_none():
    with pytest.raises(Unsupported, match="tflm has no kernel"):
        Interpreter(model_of(CASE), numerics="tflm")
