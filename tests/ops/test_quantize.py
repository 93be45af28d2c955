"""QUANTIZE against the real runtimes: each pair of types, ties, ratios inside and outside XNNPACK's range, tails."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of, quantization
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

pytestmark = pytest.mark.parity

LITERT_KERNELS = ("litert", "xnnpack")
SHAPE = (1, 3, 29)  # 87 elements: vectors of 16 and of 8, and a tail


def quantize(name, x, y, shape=SHAPE, **more):
    """x, y: (type, scale, zero point), or FLOAT."""
    source, result = (Tensor(n, shape, t[0], quantization(*t[1:]) if t[1:] else None) for n, t in (("x", x), ("y", y)))
    return Case(name, "QUANTIZE", (source,), (result,), **more)


FLOAT = ("FLOAT32",)
FROM_FLOAT = (
    quantize("float to int8", FLOAT, ("INT8", 0.03, -7)),
    quantize("float to int8, halves", FLOAT, ("INT8", 1.0, 3)),
    quantize("float to int8, zero point at an end", FLOAT, ("INT8", 0.5, -128)),
    quantize("float to uint8", FLOAT, ("UINT8", 0.03, 120), only=LITERT_KERNELS),
    quantize("float to uint8, halves", FLOAT, ("UINT8", 1.0, 0), only=LITERT_KERNELS),
    quantize("float to int16", FLOAT, ("INT16", 0.0003, 0)),
    quantize("float to int16, halves", FLOAT, ("INT16", 1.0, 0)),
    quantize("float to int16, shifted halves", FLOAT, ("INT16", 1.0, -5)),
)

PAIRS = (
    quantize("int8", ("INT8", 0.03, 5), ("INT8", 0.07, -9)),
    quantize("int8, halves", ("INT8", 0.25, 1), ("INT8", 1.0, -9)),
    quantize("int8, finer", ("INT8", 0.5, 1), ("INT8", 0.0625, 0)),
    quantize("int8, equal", ("INT8", 0.03, 5), ("INT8", 0.03, 5)),
    quantize("int8, below 1/256", ("INT8", 1.0, 127), ("INT8", 300.0, 0)),
    quantize("int8, above 128", ("INT8", 129.5, 0), ("INT8", 1.0, 127)),
    quantize("uint8", ("UINT8", 0.03, 5), ("UINT8", 0.07, 9), only=LITERT_KERNELS),
    quantize("uint8, below 1/256", ("UINT8", 1.0, 255), ("UINT8", 340.0, 100), only=LITERT_KERNELS),
    quantize("int8 to uint8", ("INT8", 0.25, 3), ("UINT8", 1.0, 100)),
    quantize("int8 to uint8, the same reals", ("INT8", 0.25, -20), ("UINT8", 0.25, 108)),
    quantize("uint8 to int8", ("UINT8", 0.25, 128), ("INT8", 1.0, -5)),
    quantize("int8 to uint8, a short one", ("INT8", 1.0, 0), ("UINT8", 4.0, 100), shape=(1, 13)),
    quantize("int8 to int16", ("INT8", 0.25, 3), ("INT16", 0.001, 0)),
    quantize("uint8 to int16", ("UINT8", 0.25, 3), ("INT16", 1.0, 0), only=LITERT_KERNELS),
    quantize("int16 to int8", ("INT16", 0.002, 0), ("INT8", 0.25, -3)),
    quantize("int16", ("INT16", 0.25, 0), ("INT16", 1.0, 0)),
    quantize("int16 to int32", ("INT16", 0.25, 0), ("INT32", 0.00390625, 0)),
    quantize("int32 to int8", ("INT32", 2.0**-24, 0), ("INT8", 1.0, 3)),
    quantize("int32 to int16", ("INT32", 2.0**-18, 0), ("INT16", 0.25, 0)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", FROM_FLOAT + PAIRS, ids=str)
def test_quantize(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", FROM_FLOAT, ids=str)
def test_floats_that_no_integer_holds(case, numerics):
    """Infinities and what lies beyond int32, in vectors and in the tail; and halves on either side."""
    grid = case.outputs[0].quantization
    values = np.array([np.inf, -np.inf, 1e30, -1e30, 2.0**31, -(2.0**31), 0.5, -0.5, 2.5, -2.5, 0.0])
    x = np.resize(values, SHAPE).astype(np.float32) * grid.scale[0]
    check(case, numerics, [x])


SCALES, ZERO_POINTS = np.array([0.1, 0.2, 0.05, 0.5, 2.0, 0.75, 0.3]), np.array([0, 3, -5, 7, 90, -100, 1])


@pytest.mark.parametrize("numerics", ("litert", "xnnpack"))
@pytest.mark.parametrize("axis", (1, 2))
@pytest.mark.parametrize(("type", "offset"), (("INT8", 0), ("UINT8", 128), ("INT16", 1000)))
def test_channels(type, offset, axis, numerics):
    shape = (1, 7, 7)
    y = Tensor("y", shape, type, quantization(SCALES, ZERO_POINTS + offset, axis))
    x = np.random.default_rng(0).normal(0, 9, (3, 7, 7)).astype(np.float32)
    x[0] = np.round(x[0]) * 0.25
    check(Case("channels", "QUANTIZE", (activation("x", shape, type="FLOAT32"),), (y,)), numerics, [x])


@pytest.mark.parametrize("numerics", ("litert", "xnnpack"))
@pytest.mark.parametrize(("type", "zero_point"), (("INT4", -2), ("UINT4", 9)))
def test_four_bits(type, zero_point, numerics):
    y = Tensor("y", (1, 70), type, quantization(0.5, zero_point))
    x = np.random.default_rng(0).integers(-40, 41, (2, 70)).astype(np.float32) / 8
    check(Case("four bits", "QUANTIZE", (activation("x", (1, 70), type="FLOAT32"),), (y,)), numerics, [x])


def test_tflm_takes_no_channels():
    y = Tensor("y", (1, 7), "INT8", quantization(SCALES, 0, 1))
    case = Case("channels", "QUANTIZE", (activation("x", (1, 7), type="FLOAT32"),), (y,))
    with pytest.raises(Unsupported, match="takes one scale, received 7"):
        Interpreter(model_of(case), numerics="tflm")


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (quantize("float to uint8", FLOAT, ("UINT8", 0.03, 0)), "tflm", "FLOAT32 to INT8 or INT16 only"),
        (quantize("int16 to uint8", ("INT16", 0.03, 0), ("UINT8", 0.03, 0)), "litert", "received output type UINT8"),
        (quantize("int16", ("INT16", 0.03, 6), ("INT16", 0.05, 0)), "litert", "zero points of 0 .* received 6 and 0"),
        (quantize("uint8", ("UINT8", 0.03, 0), ("UINT8", 0.05, 0)), "tflm", "UINT8 to INT8 only"),
    ),
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
