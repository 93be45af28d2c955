"""Plans: fusion, names, and one error that names every layer without an int8 form."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import chain
from tfq.qat.rules import known_layers

L = keras.layers
NORM = L.BatchNormalization


def rows(model, recipe=None):
    """(name, op, fused layers) of every part."""
    return [(part.name, part.kind, part.fused) for part in tfq.plan(model, recipe).parts]


def test_fusion():
    layers = [L.Conv2D(3, 3, name="c"), NORM(name="n"), L.ReLU(name="r"), L.Dropout(0.1, name="d"), L.Softmax(name="s")]
    assert rows(chain((6, 6, 2), lambda: layers)()) == [
        ("c", "conv_2d", ["c", "n", "r"]),
        ("d", "dropout", ["d"]),
        ("s", "activation", ["s"]),
    ]


def test_what_another_layer_reads_is_not_fused():
    x = keras.Input((6, 6, 2))
    y = L.Conv2D(3, 3, name="c")(x)
    model = keras.Model(x, L.Add(name="a")([NORM(name="n")(y), L.ReLU(name="r")(y)]))
    assert rows(model) == [("c", "conv_2d", ["c"]), ("n", "scale", ["n"]), ("r", "relu", ["r"]), ("a", "add", ["a"])]


def test_an_output_in_the_middle_is_not_fused():
    x = keras.Input((6,))
    y = L.Dense(3, name="d")(x)
    z = L.ReLU(name="r")(y)
    assert rows(keras.Model(x, [y, z])) == [("d", "dense", ["d"]), ("r", "relu", ["r"])]


def test_outputs_keep_their_names():
    x = keras.Input((6,), name="x")
    y = L.ReLU(name="a")(NORM()(L.Dense(3)(x)))
    outputs = [
        y,
        L.Dense(2, activation="sigmoid", name="b")(y),
        L.Activation("linear", name="c")(L.Dense(2)(y)),
        L.Dropout(0.1, name="d")(L.Dense(2)(y)),
    ]
    model = keras.Model(x, outputs)
    quantized = tfq.quantize(model)
    assert quantized.output_names == model.output_names == ["a", "b", "c", "d"]
    tfq.calibrate(quantized, np.ones((2, 6), np.float32))
    assert [info.name for info in tfq.Interpreter(tfq.export(quantized)).outputs] == ["a", "b", "c", "d"]


# The names that tfq would give, as names of the user's layers.
CLASHES = {
    "half of a separable": lambda: [L.Conv2D(3, 1, name="s_depthwise"), L.SeparableConv2D(2, 3, name="s")],
    "an activation": lambda: [L.Conv2D(3, 1, activation="tanh", name="c"), L.Conv2D(2, 1, name="c_tanh")],
    "an input's quantizer": lambda: [L.Conv2D(3, 1, name="image_quantized")],
}


@pytest.mark.parametrize("layers", CLASHES.values(), ids=CLASHES)
def test_names_of_the_users_stay(layers):
    x = y = keras.Input((6, 6, 2), name="image")
    for layer in layers():
        y = layer(y)
    model = keras.Model(x, y)
    quantized = tfq.quantize(model)
    names = [layer.name for layer in quantized.layers]
    assert {layer.name for layer in model.layers} <= set(names) and len(set(names)) == len(names)


def test_printed():
    text = str(tfq.plan(chain((6, 6, 2), lambda: [L.Conv2D(3, 3, name="c"), L.ReLU(name="r"), L.Flatten()])()))
    assert text.splitlines()[0].split() == ["layer", "is", "ops", "bits", "scale", "becomes"]
    assert text.splitlines()[2].split() == "c Conv2D CONV_2D +RELU W8A8 own takes in r".split()


class Opaque(L.Layer):
    """A layer that cannot be traced."""

    def call(self, x):
        return keras.ops.convert_to_tensor(keras.ops.convert_to_numpy(x))

    def compute_output_shape(self, input_shape):
        return input_shape


def unsupported():
    """A network of which most layers have no int8 form."""
    x = keras.Input((8, 4), name="x")
    y = L.Dense(4, name="dense")(x)
    y = L.Masking(name="masking")(y)
    y = Opaque(name="opaque")(y)
    y = L.Conv1D(3, 2, data_format="channels_first", name="conv1d")(y)
    return keras.Model(x, [keras.ops.prod(y, axis=1), keras.ops.sort(y)])


def test_every_unsupported_layer_is_named_at_once():
    with pytest.raises(tfq.Unsupported) as error:
        tfq.quantize(unsupported())
    lines = str(error.value).splitlines()
    assert lines[0] == "cannot quantize:"
    remedies = {
        "masking": "leave it out",
        "opaque": "give the layer a `tfq_parts` method",
        "conv1d": "channels_last",
        "prod": "multiply slices",
        "sort": "write it with layers or operations that have one",
    }
    assert [line.split("'")[1].split("_")[0] for line in lines[1:]] == list(remedies)
    assert all(words in line for line, words in zip(lines[1:], remedies.values(), strict=True))


def test_channels_first():
    x = keras.Input((3, 8, 8))
    y = L.Conv2D(3, 2, data_format="channels_first", name="a")(x)
    y = L.MaxPool2D(data_format="channels_first", name="b")(y)
    y = L.Flatten(data_format="channels_first", name="c")(y)
    with pytest.raises(tfq.Unsupported) as error:
        tfq.quantize(keras.Model(x, y))
    assert [line.split("'")[1] for line in str(error.value).splitlines()[1:]] == ["a", "b", "c"]
    assert str(error.value).count("channels_first") == 3


REFUSED = {
    "integer inputs": (lambda: chain_of_integers(), "its input is of whole numbers; feed floats"),
    "batch axis": (lambda: joined_along_the_batch(), "axis 0 is the batch"),
    "free size": (
        lambda: chain((None, 4, 2), lambda: [L.Reshape((-1, 4))])(),
        "leaves a size open besides the batch, and an int8 file has fixed sizes; build the model with whole sizes",
    ),
}


def chain_of_integers():
    x = keras.Input((4,), dtype="int32", name="ids")
    return keras.Model(x, L.Dense(2)(x))


def joined_along_the_batch():
    x = keras.Input((4,))
    return keras.Model(x, L.Concatenate(axis=0)([x, x]))


@pytest.mark.parametrize(("model", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(model, words):
    with pytest.raises(tfq.Unsupported) as error:
        tfq.plan(model())
    assert words in str(error.value)


class Subclassed(keras.Model):
    def call(self, x):
        return x


NO_GRAPHS = {
    "no model": (lambda: "model.keras", "expected a keras.Model, received str"),
    "a layer": (lambda: L.Dense(3), "expected a keras.Model, received Dense"),
    "not built": (lambda: keras.Sequential([L.Dense(2)], name="seq"), "'seq' is not built: give it an Input"),
    "never called": (lambda: Subclassed(name="mine"), "the shapes of its inputs are not known: call it once on data"),
    "quantized": (lambda: tfq.quantize(chain((4,), lambda: [L.Dense(2)])()), "is quantized already"),
}


@pytest.mark.parametrize(("model", "words"), NO_GRAPHS.values(), ids=NO_GRAPHS)
def test_what_is_no_graph_of_layers(model, words):
    with pytest.raises(tfq.TfqError) as error:
        tfq.quantize(model())
    assert words in str(error.value)


def test_weights_that_are_not_finite():
    model = chain((4,), lambda: [L.Dense(3, name="a"), NORM(name="b"), L.Dense(3, name="c"), L.Dense(2, name="d")])()
    model.get_layer("b").moving_variance.assign([1, np.nan, 1])
    model.get_layer("d").kernel.assign(np.full((3, 2), np.inf))
    with pytest.raises(tfq.TfqError, match="layer 'a', 'd': weights hold NaN or infinity"):
        tfq.quantize(model)


def test_a_recipe_is_no_dict():
    with pytest.raises(tfq.TfqError, match="recipe must be a tfq.Recipe, received dict; read a file with"):
        tfq.quantize(chain((4,), lambda: [L.Dense(2)])(), {"numerics": "tflm"})


def test_the_known_layers():
    assert {"Dense", "Conv2D", "Reshape", "MaxPooling1D", "GetItem", "RandomFlip"} <= set(known_layers())
