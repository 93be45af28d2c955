"""Activations, sums, rescalings: layers without kernels."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import ALL, Case, chain, check, integers_of_keras

pytestmark = pytest.mark.parity
L = keras.layers


def sum_of(count, *after, twice=False):
    """The sum of `count` convolutions of one input (or of one, twice), then `after`."""

    def build():
        x = keras.Input((6, 5, 3))
        branches = [L.Conv2D(4, 3)(x) for _ in range(count)]
        y = L.Add()(branches * 2 if twice else branches)
        for layer in after:
            y = layer()(y)
        return keras.Model(x, y)

    return build


def broadcast_sum():
    x = keras.Input((6, 5, 3))
    y = L.Conv2D(4, 3)(x)
    return keras.Model(x, L.Add()([y, L.GlobalAveragePooling2D(keepdims=True)(y)]))


def residual():
    x = keras.Input((6, 5, 4))
    y = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    return keras.Model(x, L.ReLU()(L.Add()([x, L.Conv2D(4, 1)(y)])))


def after_conv(activation):
    return chain((6, 5, 3), lambda: [L.Conv2D(4, 3), activation()])


ACTIVATIONS = (
    Case("ReLU", after_conv(L.ReLU), numerics=ALL),
    Case("ReLU(6)", after_conv(lambda: L.ReLU(max_value=6)), numerics=ALL),
    Case("Activation relu6", after_conv(lambda: L.Activation("relu6"))),
    Case("Activation sigmoid", after_conv(lambda: L.Activation("sigmoid")), numerics=ALL, tensors=True),
    Case("Activation tanh", after_conv(lambda: L.Activation("tanh")), numerics=ALL, tensors=True),
    Case("Activation softmax", after_conv(lambda: L.Activation("softmax")), numerics=ALL, tensors=True),
    Case(
        "Softmax of rank 2", chain((12,), lambda: [L.Dense(10, activation="linear"), L.Softmax(axis=1)]), numerics=ALL
    ),
    Case("ReLU that nothing fuses", chain((6, 6, 3), lambda: [L.ReLU(), L.Conv2D(3, 1)]), numerics=ALL, tensors=True),
    Case("ReLU6 that nothing fuses", chain((6, 6, 3), lambda: [L.ReLU(6.0), L.Conv2D(3, 1)]), numerics=ALL),
    Case("ReLU after a pool", chain((6, 6, 3), lambda: [L.Conv2D(4, 3), L.MaxPool2D(), L.ReLU()])),
    Case("ReLU6 after ReLU", chain((6, 6, 3), lambda: [L.Conv2D(4, 3), L.ReLU(), L.ReLU(6)])),
    Case("ReLU after sigmoid", chain((12,), lambda: [L.Dense(4, activation="sigmoid"), L.ReLU()])),
    Case("sigmoid of a sigmoid", chain((12,), lambda: [L.Dense(4, activation="sigmoid"), L.Activation("sigmoid")])),
    Case("tanh, then dense", chain((12,), lambda: [L.Dense(8, activation="tanh"), L.Dense(3)]), numerics=ALL),
)
SUMS = (
    Case("of two", sum_of(2), numerics=ALL, tensors=True),
    Case("of three", sum_of(3), numerics=ALL),
    Case("of two, relu", sum_of(2, L.ReLU)),
    Case("of two, relu6", sum_of(2, lambda: L.ReLU(6))),
    Case("of two, batch norm, relu", sum_of(2, L.BatchNormalization, L.ReLU)),
    Case("of a tensor and itself", sum_of(1, twice=True)),
    Case("of different shapes", broadcast_sum),
    Case("residual", residual, numerics=ALL, tensors=True),
)
RESCALINGS = (
    Case("first", chain((6, 6, 3), lambda: [L.Rescaling(1 / 127.5, -1), L.Conv2D(3, 3)]), numerics=ALL),
    Case(
        "per channel",
        chain((6, 6, 3), lambda: [L.Rescaling([0.5, -2, 0.1], [0, 1, -0.3]), L.Conv2D(3, 3)]),
        numerics=ALL,
    ),
    Case("of a vector", chain((4,), lambda: [L.Rescaling([0.5, 0, 2, 3]), L.Dense(3)])),
    Case("in the middle, relu", chain((6, 6, 3), lambda: [L.Conv2D(3, 3), L.Rescaling(-0.25, 1), L.ReLU()])),
)


@pytest.mark.parametrize("case", ACTIVATIONS, ids=str)
def test_activations(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", SUMS, ids=str)
def test_sums(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", RESCALINGS, ids=str)
def test_rescalings(case, tmp_path):
    check(case, tmp_path)


def test_a_product_is_rounded_once_in_a_graph():
    """TensorFlow's optimizer reorders products of tensors of different shapes, to broadcast less."""
    a = keras.Input((1, 6))
    b = keras.Input((40, 6))
    model = keras.Model([a, b], L.Multiply()([a, b]))
    quantized = tfq.quantize(model)
    for layer, (lo, hi) in zip(
        [x for x in quantized.layers if hasattr(x, "range")], [(-4.3, 0.713), (0, 1.5), (-4.3, 0.713)], strict=True
    ):
        layer.set_range(0, lo, hi)
    rng = np.random.default_rng(0)
    file = tfq.Interpreter(tfq.export(quantized))
    codes = [rng.integers(-128, 128, (256, 1, 6)).astype(np.int8), np.full((256, 40, 6), 127, np.int8)]
    reals = [
        (c.astype(np.float32) - i.zero_point) * np.float32(i.scale) for c, i in zip(codes, file.inputs, strict=True)
    ]
    np.testing.assert_array_equal(integers_of_keras(quantized, file, reals)[0], file.run(codes)[0])
