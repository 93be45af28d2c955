"""Keras callbacks for existing training code; `set_control` for custom loops."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError
from tfq.export import export
from tfq.parity import parity
from tfq.qat import tensors
from tfq.qat.callbacks import QuantizationSchedule, set_control

__all__ = ["IntegerParity", "QuantizationSchedule", "set_control"]


class IntegerParity(keras.callbacks.Callback):
    """After an epoch, exports the model in memory and holds Keras's predict against a real runtime on that file.

    Args:
        x: a few samples, as the model takes them. every: epochs between checks. strict: raise on a difference.

    Puts `integer_differences` into the epoch's logs: how many integers of all tensors differ (0 is what tfq promises).
    The runtime is that of the recipe's numerics.

    Raises: TfqError: with `strict`, naming the first layer that parts.
    """

    def __init__(self, x: Any, every: int = 1, strict: bool = False) -> None:
        super().__init__()
        if every < 1:
            raise TfqError(f"every must be at least 1 epoch, received {every!r}")
        self.x = np.asarray(x) if hasattr(x, "__array__") else x
        self.every = every
        self.strict = strict

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if (epoch + 1) % self.every:
            return
        found = parity(
            export(self.model), self.x, runtimes=(), keras_integers=lambda x: tensors.integers(self.model, x)
        ).keras
        if found is None:
            return
        count = found.compared.different
        if logs is not None:
            logs["integer_differences"] = count
        if found.first is not None and self.strict:
            raise TfqError(f"layer {found.first.tensor!r}: Keras and the exported file part in {count} integers")
