"""Cross-layer equalization: the same float function to the bit, and what it saves."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import chain, flat, randomize
from tfq.qat.capture import capture
from tfq.qat.equalize import find_pairs
from tfq.qat.modes import float_pass
from tfq.qat.plan import make_plan

L = keras.layers
NORM = L.BatchNormalization
X = np.random.default_rng(0).normal(0, 1, (8, 6, 6, 3)).astype(np.float32)

# name -> layers, pairs of layers that may be rescaled against each other
NETWORKS = {
    "convolutions": (lambda: [L.Conv2D(8, 3, name="a"), L.ReLU(), L.Conv2D(4, 3, name="b")], ["a b"]),
    "batch norms": (
        lambda: [
            *(L.Conv2D(8, 3, use_bias=False, name="a"), NORM(), L.ReLU()),
            *(L.DepthwiseConv2D(3, name="b"), NORM(), L.ReLU()),
            L.Conv2D(4, 1, name="c"),
        ],
        ["a b", "b c"],
    ),
    "pool, flatten, dense": (
        lambda: [L.Conv2D(8, 3, name="a"), L.ReLU(), L.AveragePooling2D(2), L.Flatten(), L.Dense(4, name="b")],
        ["a b"],
    ),
    "pad, global average": (
        lambda: [L.Conv2D(8, 3, name="a"), L.ZeroPadding2D(1), L.GlobalAveragePooling2D(), L.Dense(4, name="b")],
        ["a b"],
    ),
    "relu6": (lambda: [L.Conv2D(8, 3, name="a"), L.ReLU(6), L.Conv2D(4, 3, name="b")], []),
    "sigmoid": (lambda: [L.Conv2D(8, 3, name="a", activation="sigmoid"), L.Conv2D(4, 3, name="b")], []),
    "groups": (lambda: [L.Conv2D(8, 3, name="a"), L.Conv2D(4, 3, groups=2, name="b")], []),
    "batch norm without scale": (lambda: [L.Conv2D(8, 3, name="a"), NORM(scale=False), L.Conv2D(4, 3, name="b")], []),
    "reshape across channels": (lambda: [L.Conv2D(8, 3, name="a"), L.Reshape((4, 4, 4, 2)), L.Dense(3, name="b")], []),
}
PAIRED = {name: value for name, value in NETWORKS.items() if value[1]}


def spread(model, by, seed=0):
    """The model with the channels of every paired layer scaled by up to `by` against each other."""
    rng = np.random.default_rng(seed)
    for pair in find_pairs(make_plan(capture(model), tfq.Recipe())):
        first, second = pair.first.layer, pair.second.layer
        channels = pair.first.output.shape[-1]
        f = np.exp(rng.uniform(0, np.log(by), channels)).astype(np.float32)
        f[:2] = 1, by
        if pair.first.batch_norm is not None:
            norm = pair.first.batch_norm
            norm.gamma.assign(norm.gamma * f)
            norm.beta.assign(norm.beta * f)
        else:
            kernel = keras.ops.convert_to_numpy(first.kernel)
            first.kernel.assign(kernel * (f.reshape(kernel.shape[2:]) if pair.first.kind.startswith("depth") else f))
            first.bias.assign(first.bias * f)
        second.kernel.assign(keras.ops.convert_to_numpy(second.kernel) / np.tile(f, pair.repeats)[:, None])
    return model


def network(name):
    keras.utils.clear_session(free_memory=False)
    model = chain((6, 6, 3), NETWORKS[name][0])()
    randomize(model)
    return model


def in_float(model):
    with float_pass():
        return flat(model(X, training=False))[0]


def sqnr(model, recipe):
    """Decibels of the calibrated network's signal over its quantization noise."""
    exact = flat(model(X))[0]
    quantized = tfq.calibrate(tfq.quantize(model, recipe), X)
    noise = flat(quantized(X, training=False))[0] - exact
    return 10 * np.log10(np.mean((exact - exact.mean()) ** 2) / np.mean(noise**2))


@pytest.mark.parametrize("name", NETWORKS)
def test_which_layers(name):
    pairs = find_pairs(make_plan(capture(network(name)), tfq.Recipe()))
    assert [f"{pair.first.layer.name} {pair.second.layer.name}" for pair in pairs] == NETWORKS[name][1]


@pytest.mark.parametrize("name", PAIRED)
def test_the_float_function_keeps_every_bit(name, capsys):
    model = spread(network(name), 100)
    plain = tfq.quantize(model, tfq.Recipe(equalize="never"))
    assert capsys.readouterr().err == ""
    equalized = tfq.quantize(model, tfq.Recipe(equalize="always"))
    assert "equalized by powers of two (same float function" in capsys.readouterr().err
    assert any(np.any(a != b) for a, b in zip(plain.get_weights(), equalized.get_weights(), strict=True))
    np.testing.assert_array_equal(in_float(equalized), in_float(plain))


@pytest.mark.parametrize("name", PAIRED)
def test_per_tensor_weights_recover_from_a_spread_of_100(name):
    model = spread(network(name), 100)
    never = sqnr(model, tfq.Recipe(weights="per_tensor", equalize="never"))
    auto = sqnr(model, tfq.Recipe(weights="per_tensor"))
    even = sqnr(network(name), tfq.Recipe(weights="per_tensor", equalize="never"))
    assert auto >= never + 20 and auto >= even - 3, (never, auto, even)


def test_auto_leaves_even_channels_alone(capsys):
    model = network("batch norms")
    plain = tfq.quantize(model, tfq.Recipe(equalize="never"))
    auto = tfq.quantize(model)
    assert capsys.readouterr().err == ""
    for a, b in zip(plain.get_weights(), auto.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_auto_sees_a_spread(capsys):
    plan = tfq.plan(spread(network("convolutions"), 100))
    assert "equalized" in plan.notes[0] and "a -> b" in str(plan).splitlines()[-1]


def test_a_branch_stops_it():
    x = keras.Input((6, 6, 3))
    y = L.Conv2D(4, 3, padding="same", name="a")(x)
    model = keras.Model(x, L.Add()([y, L.Conv2D(4, 1, name="b")(y)]))
    assert find_pairs(make_plan(capture(model), tfq.Recipe())) == []


def test_an_output_stops_it():
    x = keras.Input((6, 6, 3))
    y = L.Conv2D(4, 3, padding="same", name="a")(x)
    model = keras.Model(x, [y, L.Conv2D(4, 1, name="b")(y)])
    assert find_pairs(make_plan(capture(model), tfq.Recipe())) == []


@pytest.mark.parametrize("weights", ["per_tensor", "per_channel"])
def test_dead_channels_stay_finite(weights):
    model = network("convolutions")
    kernel = keras.ops.convert_to_numpy(model.get_layer("a").kernel).copy()
    kernel[..., :3] = 0
    model.get_layer("a").kernel.assign(kernel)
    kernel = keras.ops.convert_to_numpy(model.get_layer("b").kernel).copy()
    kernel[:, :, 2:5] = 0
    model.get_layer("b").kernel.assign(kernel)
    recipe = tfq.Recipe(equalize="always", weights=weights)
    quantized = tfq.quantize(model, recipe)
    assert all(np.all(np.isfinite(w)) for w in quantized.get_weights())
    plain = tfq.quantize(model, tfq.Recipe(equalize="never", weights=weights))
    np.testing.assert_array_equal(in_float(quantized), in_float(plain))
    assert sqnr(model, recipe) > 20
