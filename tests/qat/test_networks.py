"""Whole networks: structures of inputs and outputs, frozen layers, mixed precision."""

import keras
import pytest

from tests.qat.harness import ALL, Case, chain, check

pytestmark = pytest.mark.parity
L = keras.layers


def sequential():
    return keras.Sequential([keras.Input((6, 6, 3)), L.Conv2D(4, 3), L.ReLU(), L.Flatten(), L.Dense(3)])


def built_by_data():
    model = keras.Sequential([L.Conv2D(4, 3), L.BatchNormalization(), L.ReLU()])
    model.build((None, 6, 6, 3))
    return model


def dicts():
    """Dict inputs and outputs, keys out of order, output keys other than the layers' names."""
    x, y = keras.Input((6, 6, 3), name="zebra"), keras.Input((4,), name="ant")
    a = L.GlobalAveragePooling2D()(L.Conv2D(4, 3)(x))
    total = L.Add(name="total")([a, y])
    outputs = {"sum": total, "class": L.Dense(3, activation="softmax", name="head")(total)}
    return keras.Model({"zebra": x, "ant": y}, outputs)


def two_inputs_two_outputs():
    x, y = keras.Input((6, 6, 3), name="second"), keras.Input((6, 6, 2), name="first")
    joined = L.Concatenate()([x, L.Conv2D(2, 3, padding="same")(y)])
    return keras.Model([x, y], [L.Conv2D(2, 1, name="b")(joined), L.MaxPool2D(name="a")(joined)])


def output_in_the_middle():
    x = keras.Input((6, 6, 3))
    y = L.BatchNormalization()(L.Conv2D(4, 3)(x))
    z = L.ReLU()(y)
    return keras.Model(x, [y, z, L.Conv2D(2, 1)(z)])


def same_output_twice():
    x = keras.Input((12,))
    y = L.Dense(3)(x)
    return keras.Model(x, [y, y])


def frozen():
    x = keras.Input((6, 6, 3))
    y = L.BatchNormalization(trainable=False)(L.Conv2D(4, 3, trainable=False)(x))
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(L.ReLU()(y))))


def all_frozen():
    model = chain((6, 6, 3), lambda: [L.Conv2D(4, 3), L.BatchNormalization(), L.SeparableConv2D(2, 2)])()
    model.trainable = False
    return model


def mixed(policy):
    """Every kind of layer under a mixed precision policy."""

    def build():
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            x = keras.Input((8, 8, 3))
            y = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same")(L.Rescaling(0.5)(x))))
            y = L.Add()([y, L.DepthwiseConv2D(3, padding="same", activation="relu6")(y)])
            y = L.Concatenate()([L.MaxPool2D()(y), L.AveragePooling2D(2)(y)])
            y = L.BatchNormalization()(L.SeparableConv2D(6, 3)(L.ZeroPadding2D()(y)))
            y = L.Dense(5)(L.Dropout(0.1)(L.GlobalAveragePooling2D()(y)))
            return keras.Model(x, L.Softmax(dtype="float32")(L.Reshape((5,))(y)))
        finally:
            keras.config.set_dtype_policy(before)

    return build


def bottleneck(x, filters):
    y = L.ReLU(6)(L.BatchNormalization()(L.Conv2D(2 * filters, 1, use_bias=False)(x)))
    y = L.ReLU(6)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same", use_bias=False)(y)))
    return L.Add()([x, L.BatchNormalization()(L.Conv2D(filters, 1, use_bias=False)(y))])


def inverted_residual():
    x = keras.Input((8, 8, 4))
    y = bottleneck(x, 4)
    return keras.Model(x, L.Dense(5, activation="softmax")(L.Dropout(0.2)(L.GlobalAveragePooling2D()(y))))


CASES = (
    Case("sequential", sequential),
    Case("sequential, built by a shape", built_by_data),
    Case("dicts in and out", dicts, numerics=ALL),
    Case("two inputs, two outputs", two_inputs_two_outputs, tensors=True),
    Case("outputs in the middle", output_in_the_middle),
    Case("the same output twice", same_output_twice),
    Case("frozen layers", frozen, tensors=True),
    Case("all frozen", all_frozen, trains=False),
    Case("mixed_float16", mixed("mixed_float16"), tolerance=0.02),
    Case("mixed_bfloat16", mixed("mixed_bfloat16"), tolerance=0.05, tensors=True),
    Case("inverted residual", inverted_residual, numerics=ALL, tensors=True),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_networks(case, tmp_path):
    check(case, tmp_path)
