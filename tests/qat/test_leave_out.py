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


NETWORKS = {
    "first": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, name="out"), L.BatchNormalization(), L.ReLU(), L.Conv2D(2, 3)]),
    "last": chain((6, 6, 3), lambda: [L.Conv2D(4, 3), L.Flatten(), L.Dense(3, name="out")]),
    "two in a row": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, name="out_a"), L.DepthwiseConv2D(3, name="out_b")]),
    "with a sigmoid": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, activation="sigmoid", name="out"), L.Conv2D(2, 1)]),
    "before a pool": chain((6, 6, 3), lambda: [L.Conv2D(4, 3, name="out"), L.MaxPool2D(), L.Flatten(), L.Dense(2)]),
    "before a concatenation": joined,
    "two readers": two_readers,
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parity
def test_float_layers_between_integer_ones(network, tmp_path):
    model = network()
    randomize(model)
    quantized = tfq.quantize(model, tfq.Recipe(leave_out=("out*",)))
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
    assert np.abs(in_keras - exact).max() <= 0.1 * np.abs(exact).max()
    assert set(tfq.qat.integers(quantized, X)).isdisjoint({"out", "out_a", "out_b"})
    assert np.array_equal(tfq.qat.floats(quantized, X)[quantized.output_names[0]].shape, exact.shape)


def test_a_pattern_that_matches_nothing():
    with pytest.raises(
        tfq.TfqError, match="leave_out pattern 'haed' matches no convolution or dense layer; there are d"
    ):
        tfq.quantize(chain((4,), lambda: [L.Dense(2, name="d")])(), tfq.Recipe(leave_out=("haed",)))
