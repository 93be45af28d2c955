"""Ops of 16-bit integers that training and interpreter share: one definition, in NumPy and in keras.ops.

The layers' requantizations by profile are also what the interpreter computes, for an int64 bias.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.ops.harness import Case, activation, bias, constant, model_of, weights
from tests.qat.shared import (
    IN8,
    IN16,
    PROFILES,
    SYMMETRIC8,
    Row,
    check,
    codes,
    each,
    elementwise,
    integers_of,
    sums,
    totals,
)
from tests.qat.test_shared_ops import averaged, images, resized
from tfq.interpreter import Interpreter
from tfq.numerics import arrays
from tfq.numerics.profiles import LITERT, TFLM, activation_bounds, requantize
from tfq.ops import (
    add,
    batch_matmul,
    leaky_relu,
    logistic,
    mean,
    mul,
    prelu,
    quantize,
    relu,
    softmax,
    squared_difference,
    sub,
    tanh,
)

UNIT = replace(IN16, scale=2.0**-15)


def on(scale):
    """int16 on that scale."""
    return replace(IN16, scale=scale)


def layer(field):
    """The requantization of a layer, a field of Profile."""

    def call(xp, profile, grids, operands):
        rescale, out = getattr(profile, field), grids[2]
        constants = rescale.constants(xp, *(grid.scale for grid in grids))
        bounds = activation_bounds(xp, profile, "RELU", out)
        return requantize(xp, rescale, *operands, constants, out.zero_point, bounds)

    return call


PAIR, LIST = codes((20, 1, 9), (5, 9)), codes((50, 9))
WIDE = sums(60, 2**22)
ROWS = (
    Row("ADD", integers_of(add, "RELU6"), (IN16, IN16, IN16), PAIR),
    Row("SUB", integers_of(sub, "NONE"), (IN16, IN16, IN16), PAIR),
    Row("MUL", integers_of(mul, "NONE"), (IN16, IN16, IN16), PAIR, ratio=2**15),
    Row("SQUARED_DIFFERENCE", integers_of(squared_difference), (IN16, IN16, IN16), PAIR, (TFLM,), ratio=10000),
    Row("PRELU", integers_of(prelu), (IN16, SYMMETRIC8, IN16), codes((20, 4, 9), (1, 9))),
    Row("conv_16", layer("conv_16"), (IN16, SYMMETRIC8, IN16), WIDE, ratio=2000),
    Row("fully_connected_16", layer("fully_connected_16"), (IN16, SYMMETRIC8, IN16), WIDE, ratio=2000),
    Row("BATCH_MATMUL", integers_of(batch_matmul), (IN16, IN16, IN16), sums(60, 2**30), ratio=2**20),
    Row("MEAN", integers_of(mean, 12), (IN16, IN16), totals(12)),
    Row("AVERAGE_POOL_2D", averaged, (IN16,), totals(9)),
    Row("RELU", integers_of(relu, "RELU"), (IN16, IN16), LIST),
    Row("RELU6", integers_of(relu, "RELU6"), (IN16, IN16), LIST),
    Row("LEAKY_RELU", elementwise(leaky_relu, 0.17), (IN16, IN16), LIST),
    Row("LEAKY_RELU, negative slope", elementwise(leaky_relu, -0.3), (IN16, IN16), LIST),
    Row("QUANTIZE", integers_of(quantize), (IN16, IN16), LIST),
    Row("QUANTIZE int8 to int16", integers_of(quantize), (IN8, IN16), LIST),
    Row("QUANTIZE int16 to int8", integers_of(quantize), (IN16, IN8), LIST, ratio=200),
    *(
        Row(f"{op.SPEC.code}, input scale {scale}", elementwise(op), (on(scale), UNIT), LIST)
        for op in (logistic, tanh)
        for scale in (0.0003, 2.0**-12, 2.0**-11)
    ),
    Row("SOFTMAX", integers_of(softmax), (on(2.0**-10),), LIST),
    Row("SOFTMAX, any scale", integers_of(softmax, 0.7), (IN16,), LIST, (LITERT, TFLM)),
    Row("RESIZE_BILINEAR", resized((10, 14), False, True), (IN16,), images),
)


@pytest.mark.parametrize(("row", "profile"), each(ROWS), ids=lambda x: x.name)
def test_one_definition(row, profile):
    check(row, profile)


X, W, Y = 0.003, 0.02, 0.01
CHANNELS = np.random.default_rng(0).integers(-127, 128, (3, 4))
STRIDES = {"padding": "VALID", "stride_h": 1, "stride_w": 1}


def a_layer(code, field, w, options, shape=(1, 1, 5, 4), before=(), depthwise=False):
    """An int16 layer of one pixel; its bias is int64."""
    x = activation("x", shape, X, 0, "INT16")
    channels = 4 if depthwise else 3
    y = activation("y", (*shape[:-1], channels), Y, 0, "INT16")
    added = bias(np.arange(channels) * 100000, "INT64", X * W)
    kernel = weights(w, W)
    inputs = (*before, kernel, x, added) if before else (x, kernel, added)
    return Case(code, code, inputs, (y,), options), field, depthwise


LAYERS = (
    a_layer("CONV_2D", "conv_16", CHANNELS.reshape(3, 1, 1, 4).astype(np.int8), STRIDES),
    a_layer(
        "DEPTHWISE_CONV_2D",
        "conv_16",
        CHANNELS[:1].reshape(1, 1, 1, 4).astype(np.int8),
        {**STRIDES, "depth_multiplier": 1},
        depthwise=True,
    ),
    a_layer(
        "TRANSPOSE_CONV",
        "conv_16",
        CHANNELS.reshape(3, 1, 1, 4).astype(np.int8),
        STRIDES,
        before=(constant("shape", [1, 1, 5, 3]),),
    ),
    a_layer("FULLY_CONNECTED", "fully_connected_16", CHANNELS.astype(np.int8), {}, shape=(5, 4)),
)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: p.name)
@pytest.mark.parametrize(("case", "field", "depthwise"), LAYERS, ids=str)
def test_layers_are_requantized_as_the_profile_says(case, field, depthwise, profile):
    x = np.random.default_rng(1).integers(-32768, 32768, case.outputs[0].shape[:-1] + (4,)).astype(np.int16)
    (found,) = Interpreter(model_of(case), numerics=profile.name).run([x])
    acc = x * CHANNELS[0] if depthwise else x.astype(np.int64) @ CHANNELS.T
    acc = acc + np.arange(acc.shape[-1]) * 100000
    rescale = getattr(profile, field)
    constants = rescale.constants(arrays, np.float32(X), np.float32(W), np.float32(Y))
    expected = requantize(arrays, rescale, acc, constants, 0, (-32768, 32767))
    np.testing.assert_array_equal(found, expected)
