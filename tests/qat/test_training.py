"""Training: in fit, in loops of one's own, under XLA, stopped and resumed; inference stays the deployed integers."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import ALL, chain, flat, packed, randomize, same_integers
from tfq.callbacks import QuantizationSchedule
from tfq.qat.base import QuantizedLayer

L = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(0, 1, (32, 6, 6, 2)).astype(np.float32)
Y = np.tanh(X.mean((1, 2)) @ RNG.normal(0, 3, (2, 3))).astype(np.float32)


def float_model():
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    layers = [
        *(L.Conv2D(6, 3, use_bias=False), L.BatchNormalization(), L.ReLU()),
        *(L.DepthwiseConv2D(3), L.ReLU(6), L.GlobalAveragePooling2D(), L.Dense(3)),
    ]
    model = chain((6, 6, 2), lambda: layers)()
    randomize(model)
    return model


def compiled(recipe=None, **options):
    model = tfq.quantize(float_model(), recipe)
    model.compile(keras.optimizers.Adam(3e-3), "mse", **options)
    return model


def fit(model, epochs, first=0, callbacks=(), **options):
    history = model.fit(
        X, Y, batch_size=8, shuffle=False, verbose=0, epochs=epochs, initial_epoch=first, callbacks=callbacks, **options
    )
    return history.history


@pytest.mark.parity
def test_validation_in_fit_is_the_deployed_loss():
    model = compiled()
    history = fit(model, 2, validation_data=(X, Y), validation_batch_size=32)
    assert history["loss"][1] < history["loss"][0]
    blob = tfq.export(model)
    same_integers(model, blob, [X])
    file = tfq.Interpreter(blob)
    (source,), (info,) = file.inputs, file.outputs
    codes = np.clip(np.rint(X / np.float32(source.scale)) + source.zero_point, -128, 127).astype(np.int8)
    reals = (file.run(codes)[0].astype(np.float64) - info.zero_point) * info.scale
    np.testing.assert_allclose(history["val_loss"][-1], np.mean((reals - Y) ** 2), rtol=1e-6)


@pytest.mark.parity
@pytest.mark.parametrize("weights", ["per_channel", "per_tensor"])
def test_batch_statistics_folded_train(weights):
    model = compiled(tfq.Recipe(fold="batch", weights=weights))
    losses = fit(model, 3)["loss"]
    assert losses[0] > losses[1] > losses[2]
    same_integers(model, tfq.export(model), [X])


@pytest.mark.parity
def test_a_loop_of_ones_own():
    import tensorflow as tf

    model = tfq.quantize(float_model())
    optimizer = keras.optimizers.Adam(3e-3)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    losses = [float(step(X, Y)) for _ in range(10)]
    assert losses[-1] < losses[0]
    same_integers(model, tfq.export(model), [X])


@pytest.mark.parity
def test_under_xla():
    model = compiled(jit_compile=True)
    assert np.all(np.isfinite(fit(model, 1)["loss"]))
    same_integers(model, tfq.export(model), [X])


@pytest.mark.parity
@pytest.mark.parametrize("numerics", ALL)
def test_trained_without_xla_and_predicted_under_it(numerics):
    """And in a plain graph: whatever compiles it, the integers are the runtime's."""
    model = tfq.calibrate(tfq.quantize(float_model(), tfq.Recipe(numerics=numerics)), X)
    blob = tfq.export(model)
    for compile_it in (True, False):
        model.compile(jit_compile=compile_it)
        same_integers(model, blob, [X], numerics)


def state(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in [*model.variables, *model.optimizer.variables]]


def test_resumed_from_a_file(tmp_path):
    """Optimizer, ranges, statistics and schedule go on as if nothing had happened."""

    def schedule():
        return [QuantizationSchedule(quantize_from=1, freeze_batch_norm_from=3, freeze_ranges_from=3)]

    whole = compiled()
    losses = fit(whole, 4, callbacks=schedule())["loss"]
    first = compiled()
    begun = fit(first, 2, callbacks=schedule())["loss"]
    first.save(tmp_path / "m.keras")
    resumed = tfq.load(tmp_path / "m.keras")
    for ours, theirs in zip(state(resumed), state(first), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert begun + fit(resumed, 4, first=2, callbacks=schedule())["loss"] == losses
    for ours, theirs in zip(state(resumed), state(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert tfq.export(resumed) == tfq.export(whole)


def test_the_running_range_is_debiased():
    model = compiled()
    fit(model, 1, steps_per_epoch=1)
    layer = next(layer for layer in model.layers if isinstance(layer, QuantizedLayer))
    lo, hi, weight = keras.ops.convert_to_numpy(layer.range)[0]
    np.testing.assert_allclose([lo / weight, hi / weight], [X[:8].min(), X[:8].max()], rtol=1e-5)
    np.testing.assert_allclose(weight, 1 - layer.recipe.ema_decay, rtol=1e-5)


def joined():
    """Inputs of unlike ranges joined; one of them is an output too."""
    x = keras.Input((6, 6, 2))
    a, b = L.Conv2D(3, 3, name="a")(x), L.Conv2D(3, 3, activation="relu", name="b")(x)
    small = L.Rescaling(0.01, name="small")(L.MaxPool2D(1)(b))
    return keras.Model(x, [L.Concatenate(name="joined")([a, small]), b, L.MaxPool2D(2, name="pooled")(a)])


def grids(model):
    """Tensor name -> (scale, zero point) in the exported file."""
    tensors = tfq.Interpreter(tfq.export(model)).model.main.tensors
    return {
        t.name: (float(t.quantization.scale[0]), int(t.quantization.zero_point[0])) for t in tensors if t.quantization
    }


@pytest.mark.parametrize("trained", [True, False])
def test_a_concatenation_and_its_inputs_share_one_grid(trained):
    keras.utils.clear_session(free_memory=False)
    model = joined()
    randomize(model)
    model = tfq.quantize(model)
    if trained:
        model.compile("sgd", "mse", run_eagerly=True)
        model.fit(X, [np.zeros((32, *y.shape[1:])) for y in model.outputs], verbose=0)
    else:
        tfq.calibrate(model, X)
    found = grids(model)
    assert found["a"] == found["small"] == found["joined"] == found["pooled"] != found["b"]
    in_keras = flat(model.predict(packed(model, [X]), verbose=0))
    assert len(np.unique(np.rint(in_keras[0][..., 3:] / found["small"][0]))) < 10  # coarse, as the file is
