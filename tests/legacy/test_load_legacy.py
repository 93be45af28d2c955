"""Files of Keras 2 become equal Keras 3 models: small tf_keras models, saved in each format, opened and run."""

import json
import os
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

import tfq
from tfq.legacy import compare

tf_keras = pytest.importorskip("tf_keras")
tf = pytest.importorskip("tensorflow")
L = tf_keras.layers


def chain(shape, *layers):
    x = y = tf_keras.Input(shape, name="picture")
    for layer in layers:
        y = layer(y)
    return tf_keras.Model(x, y, name="net")


def groups():
    """DepthwiseConv2D and its like hold `groups`, which Keras 3 refuses; a BatchNormalization's axis is a list."""
    separable = L.SeparableConv2D(4, 3, activation="relu6")
    norm = L.BatchNormalization(moving_variance_initializer="random_uniform")
    return chain((9, 9, 3), L.DepthwiseConv2D(3), norm, separable, L.Conv2DTranspose(2, 3), L.Conv2D(4, 1, groups=2))


def relus():
    """relu in all its spellings; slashes in names; a rename; a layer that only Keras 2 has."""
    first = L.Conv2D(4, 3, activation=tf.nn.relu, name="conv1/conv")
    return chain((6, 6, 2), first, L.ReLU(6.0), L.Activation("relu"), L.LeakyReLU(0.2), L.ThresholdedReLU(0.1))


def hard_sigmoid():
    """Keras 3's has another slope."""
    return chain((5, 3), L.Dense(4, activation="hard_sigmoid"), L.LSTM(3, recurrent_activation="hard_sigmoid"))


def recurrent():
    """`time_major`, inside a wrapper too; an initial state; a mask."""
    words = tf_keras.Input((6,), dtype="int32")
    x = L.Embedding(7, 4, mask_zero=True)(words)
    x, h, c = L.LSTM(3, return_sequences=True, return_state=True)(x)
    y = L.Bidirectional(L.GRU(2))(x)
    return tf_keras.Model(words, [y, L.LSTM(3)(x, initial_state=[h, c])])


def operators():
    """TFOpLambda and SlicingOpLambda."""
    x = tf_keras.Input((6, 6, 4))
    y = 2 * x * tf.constant([1.0, -2.0, 3.0, 0.5]) - 1 / (tf.abs(x) + 1)
    y = tf.concat([y[:, 1:, ::2], tf.image.resize(tf.nn.relu6(x), (5, 3))], -1)
    y = tf.reshape(y, (tf.shape(y)[0], -1, 8))
    z = tf.reduce_mean(tf.matmul(y, y, transpose_b=True), axis=1, keepdims=True)
    return tf_keras.Model(x, [tf.nn.softmax(y), tf.where(z > 0, z, 0.1 * z)])


def nested():
    """A frozen backbone called with training=False, a Sequential head in it, nested Sequentials."""
    x = tf_keras.Input((8, 8, 3))
    backbone = tf_keras.Model(x, L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3)(x))), name="backbone")
    backbone.trainable = False
    head = tf_keras.Sequential([L.GlobalAveragePooling2D(), tf_keras.Sequential([L.Dense(2)])], name="head")
    image = tf_keras.Input((8, 8, 3))
    return tf_keras.Model(image, head(backbone(image, training=False)))


def sequential():
    return tf_keras.Sequential([L.Conv2D(3, 3, input_shape=(8, 8, 2)), L.BatchNormalization(), L.Flatten(), L.Dense(3)])


def shared():
    """A layer and a model called twice; two inputs and outputs, one of which is also used inside."""
    a, b = tf_keras.Input((5,), name="b"), tf_keras.Input((5,), name="a")
    dense, model = L.Dense(3, name="twice"), chain((3,), L.Dense(2), L.ReLU())
    return tf_keras.Model([a, b], [dense(a), L.Add()([model(dense(a)), model(dense(b))])])


def dicts():
    inputs = {"zebra": tf_keras.Input((5,), name="z"), "ant": tf_keras.Input((5,), name="y")}
    outputs = {"one": L.Dense(2, name="p")(inputs["zebra"]), "all": L.Dense(3, name="q")(inputs["ant"])}
    return tf_keras.Model(inputs, outputs)


def attention():
    x = tf_keras.Input((6, 4))
    return tf_keras.Model(x, L.LayerNormalization()(L.MultiHeadAttention(2, 3)(x, x)))


def open_size():
    return chain((None, None, 3), L.DepthwiseConv2D(3, strides=2), L.GlobalAveragePooling2D())


MODELS = [groups, relus, hard_sigmoid, recurrent, operators, nested, sequential, shared, dicts, attention, open_size]
# Every format for what the formats spell differently.
FORMATS = {"groups": ("m.h5", "m.keras", "folder"), "operators": ("m.h5", "m.keras")}


def saved(model, path):
    random = np.random.default_rng(0)
    model.set_weights([w + random.uniform(0.05, 0.3, w.shape).astype(w.dtype) for w in model.get_weights()])
    model.save(path, **({} if str(path).endswith(".keras") else {"include_optimizer": False}))
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("build, name", [(b, n) for b in MODELS for n in FORMATS.get(b.__name__, ("m.h5",))])
def test_the_model_is_equal(build, name, tmp_path):
    old = build()
    new = tfq.load_legacy(saved(old, tmp_path / name))
    assert isinstance(new, keras.Model) and isinstance(new, keras.Sequential) == isinstance(old, tf_keras.Sequential)
    inputs = compare.random_inputs(old)
    names = [tensor._keras_history[0].name for tensor in new.inputs]
    assert names == [layer.replace("/", "_") for layer in old.input_names]
    keys = sorted(old.input) if isinstance(old.input, dict) else None
    given = dict(zip(keys, inputs, strict=True)) if keys else inputs if len(inputs) > 1 else inputs[0]
    expected, found = old(given, training=False), new(given, training=False)
    if keys:
        assert sorted(expected) == sorted(found)
    for a, b in zip(tf.nest.flatten(expected), keras.tree.flatten(found), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.max(np.abs(a)))
    new.save(tmp_path / "again.keras")
    again = keras.saving.load_model(tmp_path / "again.keras", compile=False)
    for a, b in zip(keras.tree.flatten(found), keras.tree.flatten(again(given, training=False)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_shared_nested_and_frozen_stay_so(tmp_path):
    new = tfq.load_legacy(saved(shared(), tmp_path / "m.h5"))
    assert len(new.weights) == 4
    new = tfq.load_legacy(saved(nested(), tmp_path / "m.h5"))
    assert [layer.name for layer in new.layers[1:]] == ["backbone", "head"]
    assert len(new.trainable_weights) == 2 and len(new.get_layer("backbone").trainable_weights) == 0


def test_what_keras_3_opens_is_returned(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(tmp_path / "three.keras")
    np.testing.assert_array_equal(tfq.load_legacy(tmp_path / "three.keras").get_weights()[0], model.get_weights()[0])


def unknown(path):
    class Mine(L.Layer):
        pass

    return saved(chain((3,), Mine(name="a"), Mine(name="b"), L.Lambda(lambda x: x, name="code")), path / "m.h5")


def other_operator(path):
    return saved(chain((4, 4, 2), lambda x: tf.nn.lrn(x)), path / "m.h5")


def time_major(path):
    return saved(chain((4, 3), L.LSTM(2, time_major=True, name="recurrent")), path / "m.h5")


def training_is_true(path):
    return saved(chain((4,), lambda x: L.Dropout(0.5, name="always")(x, training=True)), path / "m.h5")


def weights_alone(path):
    chain((3,), L.Dense(2)).save_weights(path / "w.h5")
    return path / "w.h5"


def subclassed(path):
    class Net(tf_keras.Model):
        def call(self, x):
            return x

    model = Net()
    model(np.zeros((1, 3), "float32"))
    model.save(path / "folder")
    return path / "folder"


def without_keras(path):
    tf.saved_model.save(tf.Module(), str(path / "folder"))
    return path / "folder"


def cut(name):
    def write(path):
        content = saved(chain((3,), L.Dense(2)), path / name).read_bytes()
        (path / name).write_bytes(content[: len(content) * 2 // 3])
        return path / name

    return write


def no_variables(path):
    folder = saved(chain((3,), L.Dense(2)), path / "folder")
    for file in (folder / "variables").iterdir():
        file.unlink()
    return folder


def empty(path):
    (path / "m.h5").touch()
    return path / "m.h5"


def other_zip(path):
    with zipfile.ZipFile(path / "m.keras", "w") as archive:
        archive.writestr("hello", "world")
    return path / "m.keras"


def broken_configuration(path):
    with h5py.File(saved(chain((3,), L.Dense(2)), path / "m.h5"), "a") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][1]["config"]["units"] = "many"
        file.attrs["model_config"] = json.dumps(config)
    return path / "m.h5"


ERRORS = [
    (unknown, tfq.Unsupported, "layers 'a', 'b' (Mine) is not in Keras 3; give custom_objects"),
    (unknown, tfq.Unsupported, "layer 'code' (Lambda) holds Python code, which is not run"),
    (other_operator, tfq.Unsupported, "(tf.nn.local_response_normalization) has no form in keras.ops"),
    (time_major, tfq.Unsupported, "layer 'recurrent' (LSTM): Keras 3 has no option time_major=True"),
    (training_is_true, tfq.Unsupported, "layer 'always' is called with training=True"),
    (weights_alone, tfq.TfqError, "holds no model, perhaps weights alone"),
    (subclassed, tfq.TfqError, "model (Net) is subclassed"),
    (without_keras, tfq.TfqError, "a SavedModel without Keras's configuration"),
    (lambda path: path / "none.h5", tfq.TfqError, "no such file or folder"),
    (lambda path: path, tfq.TfqError, "a folder without saved_model.pb"),
    (cut("m.h5"), tfq.TfqError, "is it whole?"),
    (cut("m.keras"), tfq.TfqError, "is it whole?"),
    (no_variables, tfq.TfqError, "tf_keras does not open it"),
    (empty, tfq.TfqError, "not a Keras model"),
    (other_zip, tfq.TfqError, "a zip archive, but not a .keras file"),
    (broken_configuration, tfq.TfqError, "tf_keras does not open it"),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make, kind, words", ERRORS, ids=lambda value: getattr(value, "__name__", None))
def test_errors(make, kind, words, tmp_path):
    with pytest.raises(kind) as caught:
        tfq.load_legacy(make(tmp_path))
    assert words in str(caught.value), str(caught.value)


class OldScale(L.Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="uniform")

    def call(self, x):
        return x * self.scale


class NewScale(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],))

    def call(self, x):
        return x * self.scale


class WrongScale(NewScale):
    def call(self, x):
        return x + self.scale


def test_own_layers_come_as_pairs(tmp_path):
    old = chain((3,), OldScale(name="mine"), L.Dense(2))
    path = saved(old, tmp_path / "m.h5")
    x = np.ones((1, 3), "float32")
    new = tfq.load_legacy(path, {"OldScale": (OldScale, NewScale)})
    np.testing.assert_allclose(new(x), old(x), rtol=1e-6)
    with pytest.raises(tfq.TfqError, match=r"differs from tf_keras's, first at layer 'mine' \(OldScale\)"):
        tfq.load_legacy(path, {"OldScale": (OldScale, WrongScale)})


CODE = """
import os, sys
before = dict(os.environ)
import tfq
for call in (tfq.load_legacy, tfq.from_tfmot):
    try:
        call(sys.argv[1])
    except tfq.TfqError as error:
        print(error)
assert before == dict(os.environ), set(os.environ) - set(before)
import tensorflow as tf
assert tf.keras.layers.Dense.__module__.startswith("keras."), tf.keras.layers.Dense
"""


def test_the_environment_stays_as_it_was(tmp_path):
    path = saved(chain((4, 3), L.LSTM(2)), tmp_path / "m.h5")
    environment = {key: value for key, value in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
    root = os.path.dirname(os.path.dirname(tfq.__file__))
    done = subprocess.run(
        [sys.executable, "-c", CODE, path], capture_output=True, text=True, cwd=root, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "has no layer that TFMOT quantizes" in done.stdout


def test_without_tf_keras(tmp_path, monkeypatch):
    path = saved(chain((4, 3), L.LSTM(2)), tmp_path / "m.h5")
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(tfq.TfqError, match="pip install tf_keras"):
        tfq.load_legacy(path)
