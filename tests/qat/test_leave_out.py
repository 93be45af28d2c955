"""Layers that a recipe leaves in float."""

import keras
import numpy as np
import pytest

import tfq
import tfq.qat
from tests.qat.harness import chain, flat, randomize
from tfq import runtimes

L = keras.layers
X = np.random.default_rng(0).normal(0, 1, (6, 6, 6, 3)).astype(np.float32)


def joined():
    x = keras.Input((6, 6, 3))
    y = L.Concatenate()([L.Conv2D(2, 3, padding="same", name="out")(x), x])
    return keras.Model(x, L.GlobalAveragePooling2D()(y))


def two_readers():
    x = keras.Input((6, 6, 3))
    y = L.Conv2D(3, 3, padding="same", name="out")(x)
    return keras.Model(x, L.Add()([y, L.ReLU()(y)]))


def nested():
    inner_input = keras.Input((6, 6, 3))
    inner = keras.Model(inner_input, L.Conv2D(4, 3, activation="relu", name="out")(inner_input), name="backbone")
    x = keras.Input((6, 6, 3))
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(inner(x))))


def shared():
    x = keras.Input((6, 6, 3))
    layer = L.Conv2D(3, 3, padding="same", name="out")
    return keras.Model(x, L.Conv2D(2, 1)(layer(layer(x))))


NETWORKS = {
    "first": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, name="out"), L.BatchNormalization(), L.ReLU(), L.Conv2D(2, 3)]),
    "last": chain((6, 6, 3), lambda: [L.Conv2D(4, 3), L.Flatten(), L.Dense(3, name="out")]),
    "two in a row": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, name="out_a"), L.DepthwiseConv2D(3, name="out_b")]),
    "with a sigmoid": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, activation="sigmoid", name="out"), L.Conv2D(2, 1)]),
    "before a pool": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, name="out"), L.MaxPool2D(), L.Flatten(), L.Dense(2)]),
    "before a concatenation": joined,
    "two readers": two_readers,
    "nested": nested,
    "shared": shared,
    "transpose conv": chain(
        (6, 6, 3), lambda: [L.Conv2DTranspose(4, 3, strides=2, activation="relu", name="out"), L.Conv2D(2, 1)]
    ),
    "separable": chain((6, 6, 3), lambda: [L.SeparableConv2D(4, 3, name="out"), L.Conv2D(2, 1)]),
    "conv 1d": chain(
        (6, 6, 3), lambda: [L.Reshape((36, 3)), L.Conv1D(4, 3, padding="causal", name="out"), L.Conv1D(2, 1)]
    ),
    "einsum dense": chain(
        (6, 6, 3), lambda: [L.Reshape((36, 3)), L.EinsumDense("abc,cd->abd", (None, 4), name="out"), L.Dense(2)]
    ),
    "before a softmax": chain((6, 6, 3), lambda: [L.Flatten(), L.Dense(4, activation="softmax", name="out")]),
}


FLOAT_KERNELS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
FLOAT_OPS = {"two in a row": 2, "shared": 2, "separable": 2}
CASES = [*((name, 8) for name in NETWORKS), ("first", 16), ("two readers", 16), ("shared", 16), ("before a pool", 16)]


@pytest.mark.parametrize(("name", "bits"), CASES)
@pytest.mark.parity
def test_float_layers_between_integer_ones(name, bits, tmp_path):
    model = NETWORKS[name]()
    randomize(model)
    quantized = tfq.quantize(model, tfq.Recipe(leave_out=("out*",), activation_bits=bits))
    tfq.calibrate(quantized, X)
    quantized.save(tmp_path / "m.keras")
    quantized = tfq.load(tmp_path / "m.keras")
    with pytest.raises(tfq.TfqError, match=r"layer '.*out.*': the recipe leaves it out.*allow_float=True"):
        tfq.export(quantized)
    blob = tfq.export(quantized, allow_float=True, io="float32")
    ran = runtimes.run("litert", blob, [X]).outputs[0]
    in_keras = flat(quantized.predict(X, verbose=0))[0]
    exact = flat(model(X))[0]
    # Not proved to the bit: a float layer's last bit may move an integer after it by a step or two.
    assert np.abs(ran - in_keras).max() <= 0.02 * np.abs(exact).max()
    graph = tfq.Interpreter(blob).model.main
    kinds = [graph.tensors[operator.outputs[0]].type for operator in graph.operators if operator.code in FLOAT_KERNELS]
    assert kinds.count("FLOAT32") == FLOAT_OPS.get(name, 1)
    assert {"INT8": 8, "INT16": 16, "FLOAT32": bits}[graph.tensors[graph.operators[-1].inputs[0]].type] == bits
    assert np.abs(in_keras - exact).max() <= 0.1 * np.abs(exact).max()
    left_out = {layer.name for layer in quantized.layers if getattr(layer, "is_float", False)}
    assert left_out and left_out.isdisjoint(tfq.qat.integers(quantized, X))
    assert np.array_equal(tfq.qat.floats(quantized, X)[quantized.output_names[0]].shape, exact.shape)


def test_a_pattern_that_matches_nothing():
    with pytest.raises(
        tfq.TfqError, match="leave_out pattern 'haed' matches no convolution or dense layer; there are d"
    ):
        tfq.quantize(chain((4,), lambda: [L.Dense(2, name="d")])(), tfq.Recipe(leave_out=("haed",)))
