"""ChannelScale: x * factor + offset, one of each a channel, as a Keras layer that holds the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tfq")
class ChannelScale(keras.layers.Layer):
    """y = x * factor + offset over the last axis. Args: depth: its size. learns: which of the two train."""

    def __init__(self, depth: int, learns: Sequence[str] = ("factor", "offset"), **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.depth = depth
        self.learns = tuple(learns)

    def build(self, input_shape: Any = None) -> None:
        self.factor = self._weight("factor", "ones")
        self.offset = self._weight("offset", "zeros")
        self.built = True

    def _weight(self, name: str, initializer: str) -> Any:
        return self.add_weight(name=name, shape=(self.depth,), initializer=initializer, trainable=name in self.learns)

    def call(self, x: Any) -> Any:
        return x * self.factor + self.offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth": self.depth, "learns": self.learns}
