"""DEQUANTIZE against the real runtimes, to the bit: types, large differences, per channel, float16."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of, quantization
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

pytestmark = pytest.mark.parity

LITERT_KERNELS = ("litert", "xnnpack")
SHAPE = (1, 5, 7)


def dequantize(name, x, shape=SHAPE, **more):
    return Case(name, "DEQUANTIZE", (x,), (activation("y", shape, type="FLOAT32"),), **more)


CHANNELS = np.linspace(0.001, 0.7, 7)

CASES = (
    dequantize("int8", activation("x", SHAPE, 0.0371, 5)),
    dequantize("int8, far zero point", activation("x", SHAPE, 3.3e-5, -128)),
    dequantize("uint8", activation("x", SHAPE, 0.0371, 200, "UINT8")),
    dequantize("int16", activation("x", SHAPE, 0.000371, 0, "INT16")),
    dequantize("per channel", Tensor("x", SHAPE, "INT8", quantization(CHANNELS, 0, 2)), only=LITERT_KERNELS),
    dequantize("per row", Tensor("x", SHAPE, "INT8", quantization(CHANNELS[:5], 0, 1)), only=LITERT_KERNELS),
    dequantize("tflm's channels", Tensor("x", SHAPE, "INT8", quantization(CHANNELS, 3, 2)), only=("tflm",)),
    dequantize("uint8 per channel", Tensor("x", SHAPE, "UINT8", quantization(CHANNELS, 99, 2)), only=LITERT_KERNELS),
    dequantize("int16, zero point", activation("x", SHAPE, 0.000371, -3000, "INT16"), only=("tflm",)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_dequantize(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_float16(numerics):
    x = np.random.default_rng(0).normal(0, 300, SHAPE).astype(np.float16)
    check(dequantize("float16", Tensor("x", SHAPE, "FLOAT16")), numerics, [x])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("scale", (0.3, CHANNELS), ids=("one scale", "channels"))
@pytest.mark.parametrize(("type", "low", "high"), (("INT4", -8, 7), ("UINT4", 0, 15), ("INT2", -2, 1)))
def test_below_8_bits(type, low, high, scale, numerics):
    q = np.random.default_rng(0).integers(low, high + 1, SHAPE).astype(np.uint8 if low == 0 else np.int8)
    check(dequantize(type, Tensor("x", SHAPE, type, quantization(scale, 0, 2), q)), numerics, [])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_int16_has_no_channels(numerics):
    case = dequantize("channels", Tensor("x", SHAPE, "INT16", quantization(CHANNELS, 0, 2)))
    with pytest.raises(Unsupported, match="one scale for INT16, received 7"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_int16_needs_zero_point_0(numerics):
    with pytest.raises(Unsupported, match="zero point 0"):
        Interpreter(model_of(CASES[-1]), numerics=numerics)
