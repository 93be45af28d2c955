"""ChannelScale: x * factor + offset, one of each a channel, as a Keras layer that holds the two."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tfq")
class ChannelScale(keras.layers.Layer):
    """y = x * factor + offset over the last axis. Args: depth: its size."""

    def __init__(self, depth: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.depth = depth

    def build(self, input_shape: Any = None) -> None:
        self.factor = self.add_weight(name="factor", shape=(self.depth,), initializer="ones")
        self.offset = self.add_weight(name="offset", shape=(self.depth,), initializer="zeros")
        self.built = True

    def call(self, x: Any) -> Any:
        return x * self.factor + self.offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth": self.depth}
