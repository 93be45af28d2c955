"""Batch normalization: folded where a weighted layer precedes it, a layer of its own elsewhere."""

import keras
import numpy as np
import pytest

from tests.qat.harness import ALL, Case, chain, check
from tfq.numerics import arrays as numpy_arrays
from tfq.qat import arrays, folding
from tfq.recipe import Recipe

pytestmark = pytest.mark.parity
L = keras.layers
NORM = L.BatchNormalization


def set_all(suffix, values):
    """An edit: the values go into every weight whose path ends so, cut to its size."""

    def edit(model):
        for variable in model.weights:
            if variable.path.endswith(suffix):
                size = int(np.prod(variable.shape))
                variable.assign(np.resize(np.float32(values), size).reshape(variable.shape))

    return edit


def dead_channels(model):
    """Kernels without a weight in the first output channel, and a batch norm that is constant there."""
    for variable in model.weights:
        value = keras.ops.convert_to_numpy(variable).copy()
        if variable.path.endswith("kernel"):
            value[..., 0] = 0
        elif variable.path.endswith(("gamma", "moving_variance")):
            value[0] = 0
        variable.assign(value)


def conv_norm(**options):
    return chain((6, 7, 3), lambda: [L.Conv2D(5, 3, use_bias=False), NORM(**options), L.ReLU()])


def one_conv_two_readers():
    x = keras.Input((6, 6, 2))
    y = L.Conv2D(4, 3)(x)
    return keras.Model(x, L.Add()([NORM()(y), L.ReLU()(y)]))


def two_norms_of_one_conv():
    x = keras.Input((6, 6, 2))
    y = L.Conv2D(4, 3)(x)
    return keras.Model(x, L.Concatenate()([NORM()(y), NORM()(y)]))


FOLDED = (
    Case("convolution", conv_norm(), numerics=ALL, tensors=True),
    Case("with bias", chain((6, 7, 3), lambda: [L.Conv2D(5, 3), NORM()])),
    Case("no scale", conv_norm(scale=False)),
    Case("no center, large epsilon", conv_norm(center=False, epsilon=0.5)),
    Case("gamma 0", conv_norm(), edit=set_all("gamma", [0, 1, 0.5, 0, -1]), numerics=ALL),
    Case("negative gammas", conv_norm(), edit=set_all("gamma", [-1, -0.2, -3])),
    Case("constant channels", conv_norm(), edit=set_all("moving_variance", [0, 1e-30, 1, 1e6]), tolerance=1e-4),
    Case("dead channels", conv_norm(), edit=dead_channels, numerics=ALL),
    Case("all weights 0", conv_norm(), edit=set_all("kernel", [0])),
    Case("depthwise, relu6", chain((7, 7, 4), lambda: [L.DepthwiseConv2D(3), NORM(), L.ReLU(6)]), numerics=ALL),
    Case("depthwise, multiplier", chain((7, 7, 3), lambda: [L.DepthwiseConv2D(3, depth_multiplier=2), NORM()])),
    Case("separable", chain((7, 7, 3), lambda: [L.SeparableConv2D(4, 3), NORM(), L.ReLU()])),
    Case("dense", chain((12,), lambda: [L.Dense(6), NORM(), L.ReLU(), L.Dense(3), L.Softmax()]), numerics=ALL),
    Case("groups", chain((6, 6, 4), lambda: [L.Conv2D(4, 3, groups=2), NORM(axis=3)])),
    Case("per tensor", conv_norm(), Recipe(weights="per_tensor"), numerics=ALL),
    Case("batch statistics folded", conv_norm(), Recipe(fold="batch")),
    Case("batch statistics folded, per tensor", conv_norm(), Recipe(fold="batch", weights="per_tensor")),
    Case("batch statistics folded, dense", chain((12,), lambda: [L.Dense(6), NORM(), L.ReLU()]), Recipe(fold="batch")),
    Case("one frozen", chain((6, 6, 3), lambda: [L.Conv2D(5, 3), NORM(trainable=False), L.Conv2D(3, 1), NORM()])),
)
ALONE = (
    Case("first, before a padded convolution", chain((6, 6, 3), lambda: [NORM(), L.Conv2D(4, 3, padding="same")])),
    Case("alone", chain((6, 6, 3), lambda: [NORM()]), numerics=ALL, tensors=True),
    Case("rank 2", chain((12,), lambda: [NORM()]), numerics=ALL, tensors=True),
    Case("rank 3", chain((5, 12), lambda: [NORM(), L.ReLU()])),
    Case("after relu", chain((6, 6, 3), lambda: [L.Conv2D(4, 3, activation="relu"), NORM()])),
    Case("twice", chain((6, 6, 3), lambda: [L.Conv2D(4, 3), NORM(), NORM(), L.ReLU(6)])),
    Case(
        "after a pool, no scale, no center",
        chain((6, 6, 3), lambda: [L.MaxPool2D(), NORM(scale=False, center=False)]),
        trains=False,
    ),
    Case("gamma 0", chain((6, 6, 3), lambda: [NORM()]), edit=set_all("gamma", [0, -1]), numerics=ALL),
    Case(
        "constant channels",
        chain((6, 6, 3), lambda: [NORM()]),
        edit=set_all("moving_variance", [0, 1, 1e5]),
        tolerance=1e-4,
    ),
    Case("frozen", chain((6, 6, 3), lambda: [L.MaxPool2D(), NORM(trainable=False), L.Conv2D(3, 1)])),
    Case("its convolution has another reader", one_conv_two_readers),
    Case("two of one convolution", two_norms_of_one_conv),
)


@pytest.mark.parametrize("case", FOLDED, ids=str)
def test_folded(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", ALONE, ids=str)
def test_alone(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize(
    "options", [{}, {"scale": False}, {"center": False}, {"scale": False, "center": False}], ids=str
)
def test_the_fold_has_the_same_bits_in_a_graph(options):
    norm = NORM(**options)
    norm.build((None, 4096))
    rng = np.random.default_rng(0)
    for variable in norm.weights:
        variable.assign(rng.uniform(0.1, 3, variable.shape))
    in_numpy = folding.affine_map(numpy_arrays, norm)

    class Fold(keras.layers.Layer):
        def call(self, x):
            return [part + 0 * x for part in folding.affine_map(arrays, norm)]

    x = keras.Input((4096,))
    found = keras.Model(x, Fold()(x)).predict(np.zeros((1, 4096), np.float32), verbose=0)
    for ours, theirs in zip(found, in_numpy, strict=True):
        np.testing.assert_array_equal(ours[0], theirs)
