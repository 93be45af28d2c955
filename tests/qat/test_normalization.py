"""Normalization: batch norms over any axis; what divides by a deviation, in 16 bits between int8 and int8."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import ALL, Case, chain, check, network, samples
from tfq.errors import Unsupported
from tfq.qat.modes import float_pass

pytestmark = pytest.mark.parity
L = keras.layers


def shared(layer):
    """One normalization, called twice."""

    def build():
        x = keras.Input((4, 6))
        norm = layer()
        return keras.Model(x, [norm(L.Dense(6)(x)), norm(x)])

    return build


def two_norms_of_one_convolution():
    x = keras.Input((6, 5, 3))
    y = L.Conv2D(4, 3)(x)
    return keras.Model(x, [L.BatchNormalization()(y), L.ReLU()(L.BatchNormalization()(y))])


def shared_convolution():
    x = keras.Input((6, 5, 3))
    conv = L.Conv2D(4, 3, padding="same")
    pad = L.ZeroPadding2D(1)
    return keras.Model(
        x, L.Add()([L.BatchNormalization()(conv(x)), L.BatchNormalization()(L.MaxPool2D(3, 1)(conv(pad(x))))])
    )


def of_operation(function, shape=(4, 6)):
    def build():
        x = keras.Input(shape)
        return keras.Model(x, function(L.Dense(shape[-1])(x)))

    return build


BATCH = (
    Case("axis 1 of 3", chain((4, 5, 3), lambda: [L.BatchNormalization(axis=1)])),
    Case("axis -2", chain((4, 5), lambda: [L.Dense(5), L.BatchNormalization(axis=-2), L.Dense(3)])),
    Case("of one convolution, twice", two_norms_of_one_convolution),
    Case("of a shared convolution", shared_convolution),
)
DEVIATION = (
    Case("layer", chain((6, 8), lambda: [L.Dense(8), L.LayerNormalization()]), numerics=ALL, tensors=True),
    Case(
        "layer, of an image",
        chain((4, 5, 3), lambda: [L.LayerNormalization(epsilon=1e-6), L.Conv2D(2, 1)]),
        numerics=ALL,
    ),
    Case("layer, axes", chain((4, 5, 3), lambda: [L.LayerNormalization(axis=[1, 2], center=False)])),
    Case("layer, rank 5", chain((2, 3, 2, 4), lambda: [L.LayerNormalization(axis=[3, 4])])),
    Case("layer, rms_scaling", chain((6, 8), lambda: [L.Dense(8), L.LayerNormalization(rms_scaling=True)])),
    Case("layer, frozen", chain((6, 8), lambda: [L.LayerNormalization(trainable=False)]), trains=False),
    Case("layer, shared", shared(L.LayerNormalization)),
    Case("rms", chain((6, 8), lambda: [L.Dense(8), L.RMSNormalization()])),
    Case("group", chain((4, 5, 6), lambda: [L.Conv2D(6, 1), L.GroupNormalization(3)])),
    Case("group, axis 1", chain((6, 5, 4), lambda: [L.GroupNormalization(-1, axis=1)])),
    Case("group, of a sequence", chain((5, 6), lambda: [L.GroupNormalization(3, scale=False)])),
    Case("unit", chain((8,), lambda: [L.Dense(8), L.UnitNormalization()]), numerics=ALL),
    Case("unit, axes", chain((4, 5, 3), lambda: [L.Conv2D(3, 1), L.UnitNormalization(axis=[1, 2])])),
)
OPERATIONS = (
    Case("layer_normalization", of_operation(lambda x: keras.ops.layer_normalization(x, epsilon=1e-3))),
    Case("rms_normalization", of_operation(lambda x: keras.ops.rms_normalization(x, epsilon=1e-3))),
    Case("normalize", of_operation(lambda x: keras.ops.normalize(x, axis=-2))),
)


@pytest.mark.parametrize("case", BATCH, ids=str)
def test_batch_norms(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", DEVIATION, ids=str)
def test_norms(case, tmp_path):
    check(case if case.tensors else replace(case, graph=False), tmp_path)


@pytest.mark.parametrize("case", OPERATIONS, ids=str)
def test_operations(case, tmp_path):
    check(replace(case, graph=False), tmp_path)


def calibrated(layers, x):
    """(noise of the quantized network in dB below the float one's output, both outputs)."""
    model = network(Case("", chain(x.shape[1:], layers)))
    quantized = tfq.quantize(model)
    tfq.calibrate(quantized, x)
    quantized.run_eagerly = True
    wanted, made = model.predict(x, verbose=0), quantized.predict(x, verbose=0)
    return 10 * np.log10(wanted.var() / np.mean((wanted - made) ** 2)), wanted, made


@pytest.mark.parametrize("width", [16, 384])
def test_loses_little_more_than_its_input(width):
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (64, width)).astype(np.float32) * rng.uniform(0.2, 2, (64, 1)).astype(np.float32)
    noise, _, _ = calibrated(lambda: [L.LayerNormalization(epsilon=1e-6)], x)
    assert noise > 30


def test_rows_without_deviation_do_not_widen_the_factor():
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, (32, 24)).astype(np.float32)
    x[:4] = 0
    for layers in (lambda: [L.LayerNormalization(epsilon=1e-6)], lambda: [L.UnitNormalization()]):
        noise, _, made = calibrated(layers, x)
        assert noise > 32 and np.all(np.isfinite(made))


def test_squares_of_small_numbers_are_not_lost():
    x = np.random.default_rng(0).normal(0, 1e-4, (32, 24)).astype(np.float32)
    noise, _, _ = calibrated(lambda: [L.UnitNormalization()], x)
    assert noise > 32


@pytest.mark.parametrize(
    "build, said",
    [
        (of_operation(lambda x: keras.ops.normalize(x, order=1)), "order 1"),
        (of_operation(lambda x: keras.ops.layer_normalization(x, x[:, 0, :])), "gamma is a tensor"),
        (chain((2, 3, 2, 3, 2), lambda: [L.LayerNormalization(axis=[1, 3, 5])]), "axes"),
    ],
)
def test_refusals(build, said):
    with pytest.raises(Unsupported, match=said):
        tfq.quantize(build())


def test_gradients_reach_the_input_of_a_norm():
    model = network(Case("", chain((6, 8), lambda: [L.Dense(8), L.LayerNormalization()])))
    x = samples(model)[0]
    quantized = tfq.quantize(model)
    with float_pass():
        quantized(x)
    before = keras.ops.convert_to_numpy(quantized.trainable_weights[0]).copy()
    quantized.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    quantized.fit(x, np.ones_like(x), verbose=0)
    assert np.any(before != keras.ops.convert_to_numpy(quantized.trainable_weights[0]))
