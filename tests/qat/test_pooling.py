"""Pools of all ranks and operations over whole axes."""

import keras
import numpy as np
import pytest
from keras import ops

import tfq
from tests.qat.harness import ALL, Case, check
from tests.qat.test_shapes import branches

L = keras.layers

CASES = (
    Case(
        "one dimension",
        branches(
            (11, 4),
            L.MaxPooling1D(3, strides=2),
            L.MaxPooling1D(2, padding="same"),
            L.AveragePooling1D(4),
            L.AveragePooling1D(3, strides=2, padding="same"),
            L.GlobalMaxPooling1D(),
            L.GlobalAveragePooling1D(keepdims=True),
            lambda x: ops.max_pool(x, 2),
            lambda x: ops.average_pool(x, 3, strides=1, padding="same"),
        ),
        numerics=ALL,
    ),
    Case(
        "two dimensions",
        branches(
            (7, 6, 3),
            L.GlobalMaxPooling2D(keepdims=True),
            L.GlobalAveragePooling2D(),
            lambda x: ops.max_pool(x, (2, 3), strides=(1, 2), padding="same"),
            lambda x: ops.average_pool(x, (3, 2)),
        ),
        numerics=ALL,
    ),
    Case(
        "three dimensions",
        branches(
            (4, 6, 30),
            lambda x: L.MaxPooling3D((2, 3, 2), strides=(1, 2, 3), padding="same")(L.Reshape((4, 6, 5, 6))(x)),
            lambda x: L.AveragePooling3D(2)(L.Reshape((4, 6, 5, 6))(x)),
            lambda x: L.AveragePooling3D((3, 2, 2), strides=2, padding="same")(L.Reshape((4, 6, 5, 6))(x)),
            lambda x: L.GlobalMaxPooling3D()(L.Reshape((4, 6, 5, 6))(x)),
            lambda x: L.GlobalAveragePooling3D(keepdims=True)(L.Reshape((4, 6, 5, 6))(x)),
        ),
        numerics=ALL,
    ),
    Case(
        "sums",
        branches(
            (5, 6, 4),
            lambda x: ops.sum(x, axis=-1),
            lambda x: ops.sum(x, axis=(1, 2)),
            lambda x: ops.sum(x, axis=2, keepdims=True),
            lambda x: ops.sum(x, axis=[1, 3]),
            lambda x: ops.sum(x, axis=(1, 2, 3)),
            lambda x: ops.sum(L.Reshape((5, 2, 3, 2, 2))(x), axis=(2, 4)),
            lambda x: ops.average(x, axis=2, weights=np.arange(1.0, 7)),
            lambda x: ops.average(x, axis=1),
        ),
        numerics=ALL,
    ),
    Case(
        "means and extremes",
        branches(
            (5, 6, 4),
            lambda x: ops.mean(x, axis=-1),
            lambda x: ops.mean(x, axis=[1, 2], keepdims=True),
            lambda x: ops.mean(x, axis=(2, 3)),
            lambda x: ops.mean(L.Reshape((5, 2, 3, 2, 2))(x), axis=(1, 3)),
            lambda x: ops.max(x, axis=[1, 2]),
            lambda x: ops.min(x, axis=-1, keepdims=True),
            lambda x: ops.amax(x, axis=(1, 2, 3)),
            lambda x: ops.max(L.Reshape((5, 2, 3, 2, 2))(x), axis=(2, 5), keepdims=True),
        ),
        numerics=ALL,
    ),
    Case(
        "variances",
        branches(
            (5, 6, 4),
            lambda x: ops.var(x, axis=(1, 2)),
            lambda x: ops.std(x, axis=-1, keepdims=True),
            lambda x: ops.concatenate(ops.moments(x, axes=[1]), axis=-1),
        ),
        tolerance=1e-4,
    ),
)


@pytest.mark.parity
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pools(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parity
@pytest.mark.skipif(not hasattr(L, "AdaptiveMaxPooling2D"), reason="of later releases of Keras")
def test_adaptive_pools(tmp_path):
    pools = branches(
        (8, 7, 3),
        L.AdaptiveAveragePooling2D((4, 7)),
        L.AdaptiveAveragePooling2D((3, 2)),
    )
    check(Case("adaptive", pools, numerics=ALL), tmp_path)
    x = keras.Input((8, 7, 3))  # not run: it crashes TensorFlow 2.21 in Keras 3.15
    (part,) = tfq.plan(keras.Model(x, L.AdaptiveMaxPooling2D((2, 1))(x))).parts
    assert (part.kind, part.layer.pool_size, part.layer.strides) == ("max_pool", (4, 7), (4, 7))


def test_a_sum_is_one_layer():
    """Of ones, frozen: one rounding, the same in all runtimes; a long one is a mean times the count."""
    x = keras.Input((8, 8, 4))
    kinds = [part.kind for part in tfq.plan(keras.Model(x, ops.sum(x, axis=(1, 2)))).parts]
    assert kinds == ["reshape", "depthwise_conv_2d", "reshape"]
    x = keras.Input((100, 100, 2))
    kinds = [part.kind for part in tfq.plan(keras.Model(x, ops.sum(x, axis=(1, 2)))).parts]
    assert kinds == ["mean", "scale"]


REFUSED = {
    "a mean of the batch": (lambda x: ops.mean(x, axis=0), "axis 0 is the batch"),
    "a sum of all": (lambda x: ops.sum(x), "without an axis it takes in the batch"),
    "a product": (lambda x: ops.prod(x, axis=1), "a product over an axis has no int8 form"),
    "an initial value": (lambda x: ops.max(x, axis=1, initial=0.0), "initial is given"),
    "channels first": (lambda x: L.MaxPooling1D(2, data_format="channels_first")(x), "channels_first"),
    "windows of unlike sizes": (lambda x: L.AdaptiveMaxPooling1D(4)(x), "windows of unlike sizes, [6] to [4]"),
    "weights of a matrix": (lambda x: ops.average(x, weights=np.ones((1, 6, 4))), "without an axis"),
}


@pytest.mark.parametrize(("function", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(function, words):
    x = keras.Input((6, 4))
    with pytest.raises(tfq.Unsupported) as error:
        tfq.plan(keras.Model(x, function(x)))
    assert words in str(error.value)
