"""Layers and operations that only put elements elsewhere, and those that resize images."""

import keras
import numpy as np
import pytest
from keras import ops

import tfq
from tests.qat.harness import ALL, Case, check, flat
from tfq.qat.modes import float_pass

L = keras.layers


def branches(shape, *functions):
    """A model of one output a function, of a convolution or dense layer of the input."""

    def build():
        x = keras.Input(shape)
        y = L.Conv2D(shape[-1], 1)(x) if len(shape) == 3 else L.Dense(shape[-1])(x)
        return keras.Model(x, [function(y) for function in functions])

    return build


CASES = (
    Case(
        "slices",
        branches(
            (9, 8, 4),
            lambda x: x[:, 1:-1, ::2, 1:4],
            lambda x: x[:, -3, ..., None],
            lambda x: x[..., 0],
            lambda x: x[:, ::-2, :, ::-1],
            lambda x: x[:, None, 2:, -4:-1],
            lambda x: x[:, :],
        ),
        numerics=ALL,
    ),
    Case(
        "positions",
        branches(
            (6, 5),
            lambda x: ops.take(x, [4, -1, 2], axis=1),
            lambda x: ops.take(x, np.array([[0, 1], [3, 3]]), axis=-1),
            lambda x: ops.take(x, 2, axis=1),
            lambda x: ops.flip(x, axis=1),
            lambda x: ops.roll(x, 2, axis=-1),
            lambda x: ops.repeat(x, 3, axis=1),
            lambda x: ops.repeat(x, [1, 0, 2, 1, 1, 1], axis=1),
            lambda x: ops.tile(x, (1, 2, 3)),
            lambda x: ops.diff(x, axis=1),
        ),
        numerics=ALL,
    ),
    Case(
        "joins and splits",
        branches(
            (6, 4),
            lambda x: ops.stack(ops.unstack(x, axis=1)[1:4], axis=-1),
            lambda x: ops.hstack(ops.split(x, [1, 4], axis=1)[::2]),
            lambda x: ops.concatenate(ops.array_split(x, 4, axis=1)[2:], axis=-1),
            lambda x: ops.expand_dims(ops.squeeze(x[:, :1], 1), -1),
        ),
        numerics=ALL,
    ),
    Case(
        "orders of axes",
        branches(
            (4, 5, 6),
            lambda x: ops.transpose(x, (0, 3, 1, 2)),
            lambda x: ops.moveaxis(x, 1, -1),
            lambda x: ops.moveaxis(x, [1, 3], [2, 1]),
            lambda x: ops.swapaxes(x, -1, 1),
            lambda x: L.Permute((3, 1, 2))(x),
            lambda x: ops.transpose(ops.reshape(x, (-1, 2, 2, 5, 2, 3)), (0, 4, 5, 1, 3, 2)),
        ),
        numerics=ALL,
    ),
    Case(
        "pads",
        branches(
            (5, 6, 3),
            lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0))),
            lambda x: ops.pad(x, ((0, 0), (2, 1), (3, 0), (0, 0)), mode="reflect"),
            lambda x: ops.pad(x, ((0, 0), (2, 1), (0, 0), (1, 1)), mode="symmetric"),
            lambda x: ops.pad(x, ((0, 0), (1, 0), (0, 0), (0, 0)), constant_values=0.5),
            lambda x: L.Cropping2D(((1, 0), (2, 1)))(x),
            lambda x: L.CenterCrop(4, 3)(x),
            lambda x: L.CenterCrop(8, 4)(x),
            lambda x: ops.image.crop_images(x, top_cropping=1, left_cropping=0, target_height=2, target_width=3),
            lambda x: ops.image.pad_images(x, top_padding=1, left_padding=2, target_height=8, target_width=9),
        ),
        numerics=ALL,
    ),
    Case(
        "one and three dimensions",
        branches(
            (8, 6),
            lambda x: L.ZeroPadding1D((2, 1))(x),
            lambda x: L.Cropping1D((1, 0))(x),
            lambda x: L.UpSampling1D(3)(x),
            lambda x: L.ZeroPadding3D(1)(L.Reshape((2, 2, 2, 6))(x)),
            lambda x: L.Cropping3D(((0, 1), (1, 0), (0, 0)))(L.Reshape((2, 2, 4, 3))(x)),
            lambda x: L.UpSampling3D((2, 1, 3))(L.Reshape((2, 2, 4, 3))(x)),
            lambda x: L.RepeatVector(4)(L.Flatten()(x)),
        ),
        numerics=ALL,
    ),
    Case(
        "triangles",
        branches((4, 5), lambda x: ops.tril(x), lambda x: ops.triu(x, 1), lambda x: x[:, 0, 0]),
    ),
    Case(
        "resizing",
        branches(
            (9, 7, 3),
            lambda x: L.Resizing(14, 5)(x),
            lambda x: L.Resizing(5, 11, interpolation="nearest")(x),
            lambda x: L.Resizing(6, 6, crop_to_aspect_ratio=True)(x),
            lambda x: L.Resizing(4, 8, pad_to_aspect_ratio=True)(x),
            lambda x: L.UpSampling2D((2, 3))(x),
            lambda x: L.UpSampling2D((3, 2), interpolation="bilinear")(x),
            lambda x: ops.image.resize(x, (12, 10)),
        ),
        numerics=ALL,
    ),
    Case(
        "resizing by matrices",
        branches(
            (9, 7, 3),
            lambda x: L.Resizing(14, 5, interpolation="bicubic")(x),
            lambda x: L.Resizing(4, 4, antialias=True)(x),
        ),
    ),
    Case(
        "blocks of depth",
        branches((4, 6, 8), lambda x: ops.depth_to_space(x, 2), lambda x: ops.space_to_depth(x, 2)),
        numerics=ALL,
    ),
)


@pytest.mark.parity
@pytest.mark.parametrize("case", CASES, ids=str)
def test_moves(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("interpolation", ("nearest", "bilinear"))
@pytest.mark.parametrize("old", (5, 7, 8, 13))
def test_resizing_computes_what_keras_does(old, interpolation):
    """Edges of all lengths: the float function is Keras's."""
    x = keras.Input((old, old + 2, 1))
    sizes = [(new, new + 3) for new in (1, 3, 5, 8, 10, 29)]
    model = keras.Model(x, [L.Resizing(*size, interpolation=interpolation)(x) for size in sizes])
    images = np.random.default_rng(0).normal(0, 1, (2, old, old + 2, 1)).astype(np.float32)
    with float_pass():
        made = flat(tfq.quantize(model)(images))
    for ours, theirs in zip(made, flat(model(images)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


REFUSED = {
    "a slice of the batch": (lambda x: x[1:, :], "x[1:, :] cuts the batch; start with `:`"),
    "a sample": (lambda x: x[0], "cuts the batch"),
    "a new axis in front": (lambda x: x[None, :], "cuts the batch"),
    "nothing": (lambda x: x[:, 4:4], "x[:, 4:4] is empty"),
    "a take from the batch": (lambda x: ops.take(x, [0], axis=0), "axis 0 is the batch"),
    "a take of all": (lambda x: ops.take(x, [0]), "without an axis it takes in the batch"),
    "a take beyond": (lambda x: ops.take(x, [6], axis=1), "indices reach beyond the 6 elements of axis 1"),
    "a take by a tensor": (
        lambda x: ops.take(ops.ones((9, 2)), ops.cast(x, "int32"), axis=0),
        "the indices are a tensor",
    ),
    "a flip of the batch": (lambda x: ops.flip(x), "without an axis"),
    "a roll of the batch": (lambda x: ops.roll(x, 1, axis=0), "axis 0 is the batch"),
    "a repeated batch": (lambda x: ops.tile(x, (2, 1, 1)), "it repeats the batch"),
    "more axes": (lambda x: ops.tile(x, (1, 1, 1, 1)), "it repeats the batch"),
    "a broadcast": (lambda x: ops.broadcast_to(x, (3, 2, 6, 4)), "from 3 to 4 axes moves the batch"),
    "a stack in front": (lambda x: ops.stack([x, x]), "axis 0 is the batch"),
    "a vstack": (lambda x: ops.vstack([x, x]), "batch"),
    "a split of the batch": (lambda x: x + ops.split(x, 1)[0], "axis 0 is the batch"),
    "a padded batch": (lambda x: ops.pad(x, 1), "it pads the batch"),
    "infinite pads": (lambda x: ops.pad(x, ((0, 0), (1, 0), (0, 0)), constant_values=-np.inf), "padding with -inf"),
    "a transposed batch": (lambda x: ops.transpose(x), "a transpose moves the batch"),
    "a moved batch": (lambda x: ops.moveaxis(x, 0, 1), "a transpose moves the batch"),
    "an axis before the batch": (lambda x: ops.expand_dims(x, 0), "has no batch in front"),
    "flat with the batch": (lambda x: ops.ravel(x), "folds all of a sample into the batch"),
    "an open shape": (lambda x: ops.reshape(x, (ops.shape(x)[0], -1)), "is not known"),
    "a mask": (lambda x: L.Masking()(x), "masks have no int8 form"),
}


@pytest.mark.parametrize(("function", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(function, words):
    x = keras.Input((6, 4))
    with pytest.raises(tfq.Unsupported) as error:
        tfq.plan(keras.Model(x, function(x)))
    assert words in str(error.value)
