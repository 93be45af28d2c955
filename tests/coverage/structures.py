"""Rows of how models are put together."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

import tfq
from tests.coverage.layers import L
from tests.coverage.row import Row


def sequential() -> Any:
    return keras.Sequential([keras.Input((6, 6, 3)), L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(3)])


def nested() -> Any:
    """A frozen backbone inside a model inside a model."""
    x = keras.Input((6, 6, 3))
    backbone = keras.Model(x, L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3, use_bias=False)(x))), name="backbone")
    backbone.trainable = False
    middle = keras.Sequential([keras.Input((6, 6, 3)), backbone, L.GlobalAveragePooling2D()], name="middle")
    x = keras.Input((6, 6, 3))
    return keras.Model(x, L.Dense(3)(middle(x)))


def shared() -> Any:
    a, b, layer = keras.Input((6,), name="a"), keras.Input((6,), name="b"), L.Dense(4)
    return keras.Model([a, b], L.Subtract()([layer(a), layer(b)]))


def dicts() -> Any:
    entry = {"left": keras.Input((5,), name="left"), "right": keras.Input((3,), name="right")}
    x = L.Concatenate()([entry["left"], entry["right"]])
    return keras.Model(entry, {"score": L.Dense(2, name="score")(x), "code": L.Dense(4, name="code")(x)})


def inner_output() -> Any:
    """An output that is used inside too."""
    x = keras.Input((6, 6, 3))
    features = L.Conv2D(4, 3, activation="relu", name="features")(x)
    return keras.Model(x, [L.Dense(3)(L.Flatten()(features)), features])


@keras.saving.register_keras_serializable("tfq.coverage")
class Block(keras.layers.Layer):
    """A layer whose call is traced: layers and operations, and a weight of its own."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.conv, self.norm = L.Conv2D(filters, 3, padding="same"), L.BatchNormalization()

    def build(self, shape: Any) -> None:
        self.conv.build(shape)
        self.norm.build((*shape[:-1], self.filters))
        self.gate = self.add_weight(shape=(self.filters,), initializer="ones", name="gate")

    def call(self, x: Any) -> Any:
        y = self.norm(self.conv(x))
        return ops.multiply(ops.sigmoid(y), self.gate) + ops.relu(y)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable("tfq.coverage")
class Subclassed(keras.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block, self.head = Block(4), L.Dense(3)

    def call(self, x: Any) -> Any:
        return self.head(ops.mean(self.block(x), axis=(1, 2)))


def subclassed() -> Any:
    model = Subclassed()
    model(np.zeros((1, 6, 6, 3), np.float32))
    return model


def own_layer() -> Any:
    x = keras.Input((6, 6, 3))
    return keras.Model(x, L.GlobalAveragePooling2D()(Block(4)(x)))


def own_lambda() -> Any:
    x = keras.Input((6,))
    return keras.Model(x, L.Dense(3)(L.Lambda(lambda t: 0.5 * t + 1.0)(L.Dense(4)(x))))


def mixed_precision() -> Any:
    x = keras.Input((6, 6, 3))
    y = L.Conv2D(4, 3, activation="relu", dtype="mixed_bfloat16")(x)
    return keras.Model(x, L.Dense(3, dtype="float32")(L.Flatten()(y)))


ROWS = (
    Row("Sequential", None, sequential),
    Row("nested models, frozen parts", None, nested, 20),
    Row("a shared layer", None, shared, note="one set of weights, ranges per call"),
    Row("dicts of inputs and outputs", None, dicts, note="order and names kept"),
    Row("an output that is used inside", None, inner_output),
    Row("a subclassed model", None, subclassed, 20, "traced"),
    Row("an own layer of layers and operations", None, own_layer, 20, "traced"),
    Row("Lambda", None, own_lambda, note="traced"),
    Row("mixed_bfloat16", None, mixed_precision),
    Row("16-bit activations", None, sequential, 38, recipe=tfq.Recipe(activation_bits=16)),
    Row("4-bit weights", None, sequential, 10, recipe=tfq.Recipe(weight_bits=4)),
)
FAMILIES: dict[str, tuple[Row, ...]] = {"Models": ROWS}
