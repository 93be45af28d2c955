"""Ranges from data: every form of data, and what is no data."""

import operator

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import chain, randomize
from tfq.qat.base import QuantizedLayer

L = keras.layers
X = np.random.default_rng(0).normal(0, 1, (70, 4)).astype(np.float32)
Z = np.random.default_rng(1).normal(0, 2, (70, 4)).astype(np.float32)
Y = np.zeros((70, 3), np.float32)


def one_input():
    model = chain((4,), lambda: [L.Dense(5, name="a"), L.ReLU(), L.Dense(3, name="b")])()
    randomize(model)
    return tfq.quantize(model)


def two_inputs(structure=list):
    """Of inputs x and z, in a list or a dict."""
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    y = L.Dense(3, name="b")(L.Add(name="sum")([x, z]))
    model = keras.Model([x, z] if structure is list else {"x": x, "z": z}, y)
    randomize(model)
    return tfq.quantize(model)


def ranges(model):
    """Layer name -> (lo, hi, weight) of every layer that has a range."""
    layers = [layer for layer in model.layers if isinstance(layer, QuantizedLayer) and layer.has_range]
    return {layer.name: keras.ops.convert_to_numpy(layer.range)[0].tolist() for layer in layers}


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 7

    def __getitem__(self, index):
        rows = operator.itemgetter(slice(10 * index, 10 * index + 10))
        return tuple(keras.tree.map_structure(rows, part) for part in self.arrays)


def dataset(*structure):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(structure).batch(32)


def generator(*structure):
    for rows in (slice(0, 25), slice(25, 50), slice(50, 70)):
        yield tuple(keras.tree.map_structure(operator.itemgetter(rows), part) for part in structure)


ONE = {
    "array": lambda: X,
    "float64 array": lambda: X.astype(np.float64),
    "tensor": lambda: keras.ops.convert_to_tensor(X),
    "list": lambda: [X],
    "tuple of x and y": lambda: (X, Y),
    "tuple of x alone": lambda: (X,),
    "dict by name": lambda: {"input_layer": X},
    "dataset of x": lambda: dataset(X).map(lambda x: x),
    "dataset of x and y": lambda: dataset(X, Y),
    "dataset of x, y, weights": lambda: dataset(X, Y, Y[:, 0]),
    "generator of x": lambda: (x for (x,) in generator(X)),
    "generator of x and y": lambda: generator(X, Y),
    "list of batches as a generator": lambda: iter([X[:40], X[40:]]),
    "PyDataset": lambda: Batches(X, Y),
}


@pytest.mark.parametrize("data", ONE.values(), ids=ONE)
def test_one_input(data):
    keras.utils.clear_session(free_memory=False)
    model = one_input()
    assert tfq.calibrate(model, data()) is model
    found = ranges(model)
    assert found["input_layer_quantized"] == [X.min(), X.max(), 1]
    assert all(lo < hi and weight == 1 for lo, hi, weight in found.values())


TWO = {
    "list": lambda: [X, Z],
    "tuple of both": lambda: (X, Z),
    "dict": lambda: {"z": Z, "x": X},
    "dict with more": lambda: {"z": Z, "x": X, "label": Y},
    "tuple of list and y": lambda: ([X, Z], Y),
    "tuple of dict and y": lambda: ({"z": Z, "x": X}, Y),
    "dataset of tuple and y": lambda: dataset((X, Z), Y),
    "dataset of dict and y": lambda: dataset({"z": Z, "x": X}, Y),
    "dataset of dict, y, weights": lambda: dataset({"z": Z, "x": X}, Y, Y[:, 0]),
    "dataset of both": lambda: dataset(X, Z),
    "generator of both": lambda: generator(X, Z),
    "generator of tuple and y": lambda: generator((X, Z), Y),
    "PyDataset of dict and y": lambda: Batches({"z": Z, "x": X}, Y),
}


@pytest.mark.parametrize("structure", [list, dict])
@pytest.mark.parametrize("data", TWO.values(), ids=TWO)
def test_two_inputs(data, structure):
    model = tfq.calibrate(two_inputs(structure), data())
    found = ranges(model)
    assert found["x_quantized"] == [X.min(), X.max(), 1]
    assert found["z_quantized"] == [Z.min(), Z.max(), 1]
    np.testing.assert_allclose(found["sum"], [(X + Z).min(), (X + Z).max(), 1], rtol=1e-6)


def test_steps():
    model = tfq.calibrate(one_input(), generator(X), steps=1)
    assert ranges(model)[model.layers[1].name] == [X[:25].min(), X[:25].max(), 1]


def test_images_without_their_channel():
    model = tfq.quantize(chain((6, 6, 1), lambda: [L.Conv2D(2, 3)])())
    tfq.calibrate(model, np.random.default_rng(0).integers(0, 256, (3, 6, 6)).astype(np.uint8))
    assert tfq.export(model)


def test_percentiles():
    model = chain((1000,), lambda: [L.Dense(3)])()
    recipe = tfq.Recipe(calibration="percentile", percentile=95.0)
    x = np.random.default_rng(0).normal(0, 1, (8, 1000)).astype(np.float32)
    quantized = tfq.calibrate(tfq.quantize(model, recipe), x)
    lo, hi, _ = ranges(quantized)[quantized.layers[1].name]
    np.testing.assert_allclose([lo, hi], np.percentile(x, [5, 95]), rtol=1e-5)


def test_again_replaces():
    model = tfq.calibrate(one_input(), 100 * X)
    tfq.calibrate(model, X)
    assert ranges(model) == ranges(tfq.calibrate(one_input_like(model), X))


def one_input_like(model):
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    return clone


def with_value(value):
    x = X.copy()
    x[65, 1] = value
    return x


def bad_weights():
    model = one_input()
    model.get_layer("a").inner.bias.assign([0, 0, np.nan, 0, 0])
    return model


REFUSED = {
    "NaN": (one_input, lambda: with_value(np.nan), "_quantized' holds NaN; remove those samples"),
    "NaN in a late batch": (one_input, lambda: dataset(with_value(np.nan), Y), "_quantized' holds NaN"),
    "infinity": (one_input, lambda: with_value(-np.inf), "_quantized' holds infinity"),
    "NaN in one of two": (two_inputs, lambda: [X, with_value(np.nan)], "input 'z_quantized' holds NaN"),
    "NaN weights": (bad_weights, lambda: X, "layer 'a': its output holds NaN on the calibration data"),
    "no samples": (one_input, lambda: X[:0], "calibration data is empty"),
    "no batches": (one_input, lambda: iter(()), "calibration data is empty"),
    "no steps": (one_input, lambda: (x for x in ()), "calibration data is empty"),
    "nothing": (one_input, lambda: None, "must be an array, a list, dict or tuple of arrays, a dataset or a generator"),
    "a path": (one_input, lambda: 3, "received int"),
    "words": (one_input, lambda: np.array([["a"] * 4]), "must be numbers, received dtype <U1"),
    "words from a generator": (one_input, lambda: iter(["a"]), "expected shape (None, 4), received ()"),
    "wrong width": (one_input, lambda: X[:, :3], "expected shape (None, 4), received (64, 3)"),
    "no batch dimension": (one_input, lambda: X[0], "expected shape (None, 4), received (4,)"),
    "wrong width in a dataset": (one_input, lambda: dataset(Y, Y), "expected shape (None, 4), received (32, 3)"),
    "one array for two": (two_inputs, lambda: X, "expected 2 arrays, for input 'x', 'z', received 1"),
    "three arrays for two": (two_inputs, lambda: [X, Z, X], "received 3"),
    "a name is missing": (two_inputs, lambda: {"x": X, "y": Z}, "lacks input 'z'; it has x, y"),
    "lengths differ": (two_inputs, lambda: [X, Z[:5]], "must share their first dimension"),
}


@pytest.mark.parametrize(("model", "data", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_and_nothing_changed(model, data, words):
    model = model()
    before = [keras.ops.convert_to_numpy(w).copy() for w in model.weights]
    with pytest.raises(tfq.TfqError) as error:
        tfq.calibrate(model, data())
    assert words in str(error.value)
    assert "Arguments received" not in str(error.value)
    for value, variable in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(variable))


def test_a_float_model():
    with pytest.raises(tfq.TfqError, match="expected a model from tfq.quantize or tfq.load"):
        tfq.calibrate(chain((4,), lambda: [L.Dense(2)])(), X)


UNSEEN = {
    "call": lambda model: model(X),
    "predict": lambda model: model.predict(X, verbose=0),
    "evaluate": lambda model: (model.compile(loss="mse"), model.evaluate(X, Y, verbose=0)),
    "predict under XLA": lambda model: (model.compile(jit_compile=True), model.predict(X, verbose=0)),
    "export": tfq.export,
}


@pytest.mark.parametrize("use", UNSEEN.values(), ids=UNSEEN)
def test_ranges_without_data(use):
    with pytest.raises(tfq.TfqError) as error:
        use(one_input())
    message = str(error.value)
    assert message.startswith("layer 'input_layer") and "Arguments received" not in message
    assert "has seen no data" in message and "call tfq.calibrate(model, data) or train with fit first" in message


def test_export_names_every_layer_without_data():
    keras.utils.clear_session(free_memory=False)
    with pytest.raises(tfq.TfqError, match="layer 'input_layer_quantized', 'a', 'b': the range"):
        tfq.export(one_input())
