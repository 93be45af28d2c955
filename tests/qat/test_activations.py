"""Every activation of Keras: as name, function, layer and operation; all integers equal."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

import tfq
from tests.qat.harness import ALL, Case, chain, check, network
from tfq.errors import Unsupported
from tfq.qat.rules.activations import ACTIVATIONS


def fan(*functions, units=6):
    """One Dense layer, and an output for each function of it."""

    def build():
        inputs = keras.Input((5,))
        x = L.Dense(units)(inputs)
        return keras.Model(inputs, [function(x) for function in functions])

    return build


def named(*names):
    return fan(*(L.Activation(name) for name in names))


ELEMENTWISE = (
    "celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid mish relu "
    "relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus sparse_sigmoid squareplus tanh tanh_shrink"
).split()
OTHERS = ("softmax", "log_softmax", "glu")


def negative_slopes(model):
    """PReLU's slopes, which start at 0; some above 1, some negative."""
    for layer in model.layers:
        if isinstance(layer, L.PReLU):
            layer.alpha.assign(np.random.default_rng(3).uniform(-0.3, 1.4, layer.alpha.shape))


def operations(x):
    return [
        ops.gelu(x, approximate=True),
        ops.gelu(x, approximate=False),
        ops.leaky_relu(x, negative_slope=0.05),
        ops.elu(x, alpha=0.3),
        ops.celu(x, alpha=1.7),
        ops.hard_shrink(x, threshold=0.2),
        ops.soft_shrink(x, threshold=0.9),
        ops.squareplus(x, b=2),
        ops.threshold(x, 0.4, -0.1),
        ops.log_softmax(x),
        ops.sigmoid(x),
        ops.relu(x) * 2.0,
        keras.activations.relu(x, negative_slope=0.1, max_value=1.5, threshold=0.25),
        keras.activations.relu(x, max_value=2.0),
        keras.activations.relu(x, negative_slope=0.3),
    ]


CASES = (
    Case("elementwise", named(*ELEMENTWISE)),
    Case("rows", named(*OTHERS), numerics=ALL),
    Case("operations", fan(operations)),
    Case("layers", fan(
        L.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.3), L.LeakyReLU(0.15), L.ELU(0.7), L.Softmax(),
        L.ReLU(negative_slope=0.2), L.ReLU(threshold=0.5), L.ReLU(max_value=1.0),
    )),
    Case("of_layers", chain((8, 8, 3), lambda: [
        L.Conv2D(4, 3, activation="gelu"), L.DepthwiseConv2D(3, activation=keras.activations.mish),
        L.Dense(4, activation=lambda x: ops.tanh(x) * 1.5 + 0.1), L.Conv2D(6, 3, activation=L.LeakyReLU(0.1)),
    ]), tensors=True),
    Case("sparsemax", fan(L.Activation("sparsemax"), units=3)),
    Case("prelu", chain((6, 5, 3), lambda: [
        L.PReLU(shared_axes=[1, 2]), L.Conv2D(4, 3), L.PReLU(), L.Flatten(), L.PReLU(shared_axes=[1]),
    ]), edit=negative_slopes, numerics=ALL),
    Case("softmax_axes", chain((4, 3, 5), lambda: [
        L.Dense(5), L.Softmax(axis=1), L.Dense(5), L.Softmax(axis=[1, 3]), L.Dense(5), L.Activation("softmax"),
    ]), numerics=("xnnpack", "tflm")),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_activations(case, tmp_path):
    check(case, tmp_path)


def test_every_activation_of_keras_has_a_row():
    public = {name: f for name, f in vars(keras.activations).items() if callable(f) and not name.startswith("_")}
    functions = {f.__name__ for name, f in public.items() if name not in ("get", "serialize", "deserialize")}
    assert functions == set(ACTIVATIONS)
    assert set(ELEMENTWISE) | set(OTHERS) | {"sparsemax", "threshold"} == set(ACTIVATIONS)


def refused(build):
    with pytest.raises(Unsupported) as error:
        tfq.quantize(network(Case("refused", build)))
    return str(error.value)


def test_a_masked_softmax_is_refused():
    def build():
        scores, mask = keras.Input((6,)), keras.Input((6,))
        return keras.Model([scores, mask], L.Softmax()(scores, mask=mask))

    assert "called with a mask" in refused(build)


def test_a_softmax_over_the_batch_is_refused():
    assert "axis 0 is the batch" in refused(fan(lambda x: ops.softmax(x, axis=0)))
