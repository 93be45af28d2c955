"""Layers that move data or average it: pools, pads, reshapes, concatenation, dropout."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import ALL, Case, chain, check

pytestmark = pytest.mark.parity
L = keras.layers


def joined(axis, *branches, shape=(6, 5, 3)):
    """The concatenation of what the branches make of one input, then a convolution."""

    def build():
        x = keras.Input(shape)
        y = L.Concatenate(axis=axis)([branch(x) for branch in branches])
        return keras.Model(x, L.Conv2D(2, 1)(y))

    return build


def conv(filters, **options):
    return lambda x: L.Conv2D(filters, 3, padding="same", **options)(x)


def nested():
    """Two concatenations that share an input, and so one range."""
    x = keras.Input((6, 5, 3))
    a, b, c = (conv(2)(x) for _ in range(3))
    return keras.Model(x, [L.Concatenate()([a, b]), L.Concatenate()([b, c]), a])


def joined_and_used():
    """An input of a concatenation that other layers read too, through a pool."""
    x = keras.Input((6, 6, 3))
    a, b = conv(2, activation="relu")(x), conv(2)(x)
    pooled = L.MaxPool2D()(a)
    y = L.Concatenate()([pooled, L.AveragePooling2D(2)(b)])
    return keras.Model(x, [L.Conv2D(2, 1)(y), L.Conv2D(1, 1)(a)])


def joined_with_itself():
    x = keras.Input((6, 5, 3))
    y = conv(2)(x)
    return keras.Model(x, L.Concatenate()([y, y]))


def sigmoid(x):
    return L.Activation("sigmoid")(x)


CONCATENATIONS = (
    Case("channels, unlike scales", joined(-1, conv(2), lambda x: L.ReLU()(conv(1)(x))), numerics=ALL, tensors=True),
    Case("axis 1, three", joined(1, conv(2), conv(2), conv(2)), numerics=ALL),
    Case("axis 3, with the input", joined(3, lambda x: x, conv(2))),
    Case("with a sigmoid's fixed grid", joined(-1, conv(2), lambda x: sigmoid(conv(2)(x))), numerics=ALL, tensors=True),
    Case("of two sigmoids", joined(-1, sigmoid, lambda x: sigmoid(conv(1)(x)))),
    Case("nested", nested),
    Case("inputs with other readers", joined_and_used),
    Case("of a tensor and itself", joined_with_itself),
)
POOLS = (
    Case("max, valid", chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.MaxPool2D((2, 3))]), numerics=ALL),
    Case("max, same, odd", chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.MaxPool2D(3, 2, padding="same")]), numerics=ALL),
    Case("max of the input", chain((7, 6, 3), lambda: [L.MaxPool2D()]), trains=False),
    Case(
        "average, valid",
        chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.AveragePooling2D((3, 2))]),
        numerics=ALL,
        tensors=True,
    ),
    Case(
        "average, same, odd",
        chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.AveragePooling2D(3, 2, padding="same")]),
        numerics=ALL,
    ),
    Case("average, overlapping", chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.AveragePooling2D(3, 1), L.ReLU()])),
    Case(
        "global average",
        chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.GlobalAveragePooling2D(), L.Dense(2)]),
        numerics=ALL,
    ),
    Case(
        "global average, kept",
        chain((7, 6, 3), lambda: [L.Conv2D(3, 1), L.GlobalAveragePooling2D(keepdims=True)]),
        numerics=ALL,
    ),
    Case("global average of the input", chain((7, 6, 3), lambda: [L.GlobalAveragePooling2D()]), trains=False),
)
SHAPES = (
    Case(
        "pad",
        chain((5, 6, 3), lambda: [L.Conv2D(3, 1), L.ZeroPadding2D(((1, 2), (0, 3))), L.Conv2D(2, 3)]),
        numerics=ALL,
    ),
    Case("pad of the input", chain((5, 6, 3), lambda: [L.ZeroPadding2D(1), L.Conv2D(2, 3, strides=2)])),
    Case("flatten", chain((5, 6, 3), lambda: [L.Conv2D(3, 3), L.Flatten(), L.Dense(4)]), numerics=ALL, tensors=True),
    Case("reshape", chain((12,), lambda: [L.Dense(24), L.Reshape((2, 4, 3)), L.Conv2D(2, 2)]), numerics=ALL),
    Case("reshape with -1", chain((4, 6, 3), lambda: [L.Conv2D(2, 3), L.Reshape((-1, 4)), L.Dense(3)])),
    Case("flatten of a vector", chain((12,), lambda: [L.Flatten(), L.Dense(3)])),
    Case("dropout", chain((12,), lambda: [L.Dense(8), L.Dropout(0.5), L.Dense(3)])),
    Case(
        "augmentation",
        chain(
            (8, 8, 3),
            lambda: [
                L.RandomFlip(),
                L.RandomRotation(0.1),
                L.RandomZoom(0.1, 0.1),
                L.RandomContrast(0.2),
                L.Conv2D(2, 3),
                L.ActivityRegularization(l2=1e-2),
                L.SpatialDropout2D(0.2),
            ],
        ),
    ),
    Case("dropout first and last", chain((12,), lambda: [L.Dropout(0.3), L.Dense(8), L.Dropout(0.5)])),
)


@pytest.mark.parametrize("case", CONCATENATIONS, ids=str)
def test_concatenations(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", POOLS, ids=str)
def test_pools(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("case", SHAPES, ids=str)
def test_shapes(case, tmp_path):
    check(case, tmp_path)


def test_an_activity_regularizer_keeps_its_loss():
    model = chain((4,), lambda: [L.Dense(3), L.ActivityRegularization(l2=0.5)])()
    quantized = tfq.quantize(model)
    tfq.calibrate(quantized, np.ones((2, 4), np.float32))
    quantized(np.ones((2, 4), np.float32))
    assert len(quantized.losses) == 1 and quantized.losses[0] > 0


def test_a_layer_that_its_own_config_does_not_make_is_refused():
    model = chain((8, 8, 3), lambda: [L.RandomShear(0.1, 0.1), L.Conv2D(2, 3)])()
    with pytest.raises(tfq.Unsupported, match="RandomShear.*its own get_config"):
        tfq.quantize(model)


def test_a_random_crop_is_refused():
    with pytest.raises(tfq.Unsupported, match="crop or resize before the model"):
        tfq.plan(chain((8, 8, 3), lambda: [L.RandomCrop(4, 4)])())
