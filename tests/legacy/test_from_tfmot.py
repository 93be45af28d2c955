"""A network of TFMOT's quantize_model as a tfq model: its weights, its ranges, and the same answers."""

import numpy as np
import pytest

import tfq

tf_keras = pytest.importorskip("tf_keras")
tfmot = pytest.importorskip("tensorflow_model_optimization")
L = tf_keras.layers
quantization = tfmot.quantization.keras


def network():
    """What TFMOT has rules for: folded batch norm, a split convolution, a sum, a concatenation, pools, a softmax."""
    x = image = tf_keras.Input((12, 12, 1), name="image")
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same", use_bias=False, name="first")(x)))
    x = L.Add(name="sum")([x, L.SeparableConv2D(8, 3, padding="same")(x)])
    x = L.MaxPooling2D()(L.ReLU(6.0)(x))
    left, right = L.DepthwiseConv2D(3, padding="same", activation="relu", name="left")(x), L.Conv2D(4, 1)(x)
    x = L.AveragePooling2D(2)(L.Concatenate(name="both")([left, right]))
    return tf_keras.Model(image, L.Dense(4, activation="softmax", name="head")(L.Dropout(0.1)(L.Flatten()(x))))


@pytest.fixture(scope="module")
def samples():
    random = np.random.default_rng(0)
    x = random.normal(size=(128, 12, 12, 1)).astype("float32")
    return x, np.abs(x.mean((1, 2, 3)) * 40).astype(int) % 4


@pytest.fixture(scope="module")
def trained(samples):
    tf_keras.utils.set_random_seed(0)
    model = quantization.quantize_model(network())
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(*samples, epochs=6, verbose=0)
    return model


def bounds(model):
    """The ranges of a tfq model's layers."""
    layers = [layer for layer in model.layers if getattr(layer, "has_range", False)]
    return [tuple(np.array(layer.observed_range(np, 0)[:2], "float32").tolist()) for layer in layers]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["object", "m.h5", pytest.param("folder", marks=pytest.mark.slow)])
def test_the_answers_are_tfmots(name, trained, samples, tmp_path, capsys):
    given = trained
    if name != "object":
        given = tmp_path / name
        trained.save(given, include_optimizer=False)
    taken = tfq.from_tfmot(given)
    assert "no trained range" not in capsys.readouterr().err
    expected, found = (model.predict(samples[0], verbose=0) for model in (trained, taken))
    assert np.max(np.abs(expected - found)) < 0.06
    assert np.mean(expected.argmax(-1) == found.argmax(-1)) > 0.9
    interpreter = tfq.Interpreter(tfq.export(taken))
    (scores,) = interpreter.run(np.clip(quantized(samples[0], interpreter), -128, 127).astype(np.int8))
    np.testing.assert_array_equal(scores, np.rint(found * 256) - 128)


def quantized(x, interpreter):
    entry = interpreter.inputs[0]
    return np.rint(x / np.float32(np.ravel(entry.scale)[0])) + np.ravel(entry.zero_point)[0]


def test_weights_and_ranges_are_tfmots(trained):
    taken = tfq.from_tfmot(trained)
    layer = trained.get_layer("quant_first")
    kernel = next(w for w in layer.weights if w.name.endswith("/kernel:0") or w.name == "first/kernel:0")
    np.testing.assert_array_equal(taken.get_layer("first").inner.kernel, kernel.numpy())
    head, both = trained.get_layer("quant_head"), trained.get_layer("quant_both")._output_quantizer_vars
    first, relu6 = trained.get_layer("quant_re_lu"), trained.get_layer("quant_re_lu_1")
    left = trained.get_layer("quant_left")._quantize_activations[0]._post_activation_vars
    found = bounds(taken)
    assert ends(head._quantize_activations[0]._pre_activation_vars) in found  # what the softmax is given
    assert (0.0, ends(first._output_quantizer_vars)[1]) in found  # cut at 0
    assert (0.0, min(ends(relu6._output_quantizer_vars)[1], 6.0)) in found
    assert {(0.0, ends(left)[1]), (0.0, ends(both)[1])} & set(found)
    assert ends(trained.get_layer("quantize_layer").quantizer_vars) in found


def ends(variables):
    return tuple(float(variables[f"{end}_var"].numpy()) for end in ("min", "max"))


def test_ranges_that_saw_no_data_want_some(samples, capsys):
    untrained = quantization.quantize_model(network())
    taken = tfq.from_tfmot(untrained)
    assert "no trained range for layer 'image_quantized', " in capsys.readouterr().err
    with pytest.raises(tfq.TfqError, match="has seen no data"):
        tfq.export(taken)
    taken = tfq.from_tfmot(untrained, data=samples[0])
    assert "calibrated from the data" in capsys.readouterr().err
    assert tfq.export(taken)


ERRORS = [
    (network, tfq.TfqError, "has no layer that TFMOT quantizes; read a float one with tfq.load_legacy"),
    (lambda: 3, tfq.TfqError, "expected a tf_keras model or a path, received builtins.int"),
    (lambda: "nowhere.h5", tfq.TfqError, "nowhere.h5: no such file"),
]


@pytest.mark.parametrize("make, kind, words", ERRORS, ids=["float", "number", "path"])
def test_errors(make, kind, words):
    with pytest.raises(kind) as caught:
        tfq.from_tfmot(make())
    assert words in str(caught.value)


def test_load_legacy_points_to_from_tfmot(trained, tmp_path):
    trained.save(tmp_path / "m.h5", include_optimizer=False)
    with pytest.raises(tfq.Unsupported, match=r"is TFMOT's; take the network over with tfq.from_tfmot"):
        tfq.load_legacy(tmp_path / "m.h5")
