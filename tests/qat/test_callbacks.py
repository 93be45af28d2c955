"""The schedule: when fake quantization starts, when batch norm statistics and ranges stop."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import chain, flat, randomize
from tfq.callbacks import QuantizationSchedule, set_control

L = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(0, 1, (32, 6, 6, 2)).astype(np.float32)
Y = RNG.normal(0, 1, (32, 3)).astype(np.float32)
STATISTICS, RANGES = ("moving_mean", "moving_variance"), ("range",)


def float_model():
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    layers = [
        *(L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.ReLU()),
        *(L.Flatten(), L.Dense(3), L.BatchNormalization(), L.Activation("tanh")),
    ]
    model = chain((6, 6, 2), lambda: layers)()
    randomize(model)
    return model


def compiled(recipe=None):
    model = tfq.quantize(float_model(), recipe)
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    return model


def fit(model, epochs, *callbacks, first=0):
    history = model.fit(
        X, Y, batch_size=16, shuffle=False, verbose=0, epochs=epochs, initial_epoch=first, callbacks=list(callbacks)
    )
    return history.history["loss"]


def values(model, names):
    return {v.path: keras.ops.convert_to_numpy(v).copy() for v in model.variables if v.name in names}


class Watch(keras.callbacks.Callback):
    """Notes which variables an epoch moves."""

    def __init__(self, names):
        super().__init__()
        self.names, self.moved = names, []

    def on_epoch_begin(self, epoch, logs=None):
        self.before = values(self.model, self.names)

    def on_epoch_end(self, epoch, logs=None):
        now = values(self.model, self.names)
        self.moved.append({bool(np.any(now[path] != value)) for path, value in self.before.items()})


@pytest.mark.parametrize("fold", ["plain", "batch"])
def test_freezing(fold):
    statistics, ranges, weights = Watch(STATISTICS), Watch(RANGES), Watch(("kernel", "gamma", "beta"))
    schedule = QuantizationSchedule(freeze_batch_norm_from=2, freeze_ranges_from=1)
    fit(compiled(tfq.Recipe(fold=fold)), 3, schedule, statistics, ranges, weights)
    assert statistics.moved == [{True}, {True}, {False}]
    assert ranges.moved == [{True}, {False}, {False}]
    assert weights.moved == [{True}] * 3


def test_a_delay_trains_the_float_network():
    model, plain = compiled(), float_model()
    plain.compile(keras.optimizers.SGD(1e-3), "mse")
    delayed = fit(model, 2, QuantizationSchedule(quantize_from=2))
    np.testing.assert_allclose(delayed, fit(plain, 2), rtol=1e-3)  # but for the input's and tanh's own grids
    for name in ("moving_mean", "moving_variance"):
        ours, theirs = (list(values(m, (name,)).values()) for m in (model, plain))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    assert tfq.export(model)  # the ranges were learned meanwhile


def test_the_delay_ends():
    model = compiled()
    set_control(model, quantize=False)
    first = flat(model(X, training=True))[0]
    set_control(model, quantize=True)
    assert np.any(first != flat(model(X, training=True))[0])


def test_frozen_batch_norm_trains_the_deployed_function():
    """Training mode then differs from inference by the rounding of accumulators alone."""
    model = tfq.calibrate(compiled(), X)
    set_control(model, batch_statistics=False, observe=False)
    deployed, trained = flat(model(X, training=False))[0], flat(model(X, training=True))[0]
    step = tfq.Interpreter(tfq.export(model)).outputs[0].scale
    assert np.abs(deployed - trained).max() <= 2 * step


def test_a_schedule_after_training_without_one():
    model = compiled()
    fit(model, 1)
    watch = Watch(STATISTICS + RANGES)
    fit(model, 2, QuantizationSchedule(freeze_batch_norm_from=1, freeze_ranges_from=1), watch, first=1)
    assert watch.moved == [{False}]


def test_a_saved_model_keeps_its_state(tmp_path):
    model = compiled()
    fit(model, 1, QuantizationSchedule(freeze_batch_norm_from=0, freeze_ranges_from=0))
    model.save(tmp_path / "m.keras")
    watch = Watch(STATISTICS + RANGES)
    fit(tfq.load(tmp_path / "m.keras"), 1, watch)
    assert watch.moved == [{False}]


def test_in_a_custom_loop():
    import tensorflow as tf

    model = compiled()
    set_control(model)

    @tf.function
    def step():
        model(X, training=True)

    moved = []
    for changes in ({}, {"observe": False}, {"observe": True, "batch_statistics": False}):
        set_control(model, **changes)
        before = values(model, STATISTICS), values(model, RANGES)
        step()
        after = values(model, STATISTICS), values(model, RANGES)
        moved.append([any(np.any(a[k] != b[k]) for k in a) for a, b in zip(after, before, strict=True)])
    assert moved == [[True, True], [True, False], [False, True]]


def test_control_after_the_step_was_traced():
    model = compiled()
    fit(model, 1)
    with pytest.raises(tfq.TfqError, match="traced before set_control was first called.*call set_control"):
        set_control(model, observe=False)


@pytest.mark.parametrize("name", ["freeze_batch_norm_from", "freeze_ranges_from"])
def test_refused_epochs(name):
    with pytest.raises(tfq.TfqError, match=f"{name} must be None or an epoch from 0, received -1"):
        QuantizationSchedule(**{name: -1})


def test_a_float_model():
    with pytest.raises(tfq.TfqError, match="expected a model from tfq.quantize"):
        set_control(float_model(), observe=False)
