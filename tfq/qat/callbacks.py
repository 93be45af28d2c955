"""Keras callbacks: the schedule of quantization-aware training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError
from tfq.qat.base import BATCH_STATISTICS, OBSERVE, QUANTIZE
from tfq.qat.calibrate import quantized_layers


class QuantizationSchedule(keras.callbacks.Callback):
    """When fake quantization starts, and when batch norm statistics and ranges stop moving; in epochs, counted from 0.

    Args:
        quantize_from: epoch at which fake quantization starts; ranges are learned before it.
        freeze_batch_norm_from: epoch from which batch norm uses its moving statistics, and no longer moves them: the
            network then trains the very function that is deployed. freeze_ranges_from: epoch from which ranges stay.

    None means never. The state is kept in variables of the layers: a compiled step sees it and a saved model keeps it.
    """

    def __init__(
        self,
        quantize_from: int = 0,
        freeze_batch_norm_from: int | None = None,
        freeze_ranges_from: int | None = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("freeze_batch_norm_from", freeze_batch_norm_from),
            ("freeze_ranges_from", freeze_ranges_from),
        ):
            if value is not None and value < 0:
                raise TfqError(f"{name} must be None or an epoch from 0, received {value!r}")
        self.quantize_from = quantize_from
        self.freeze_batch_norm_from = freeze_batch_norm_from
        self.freeze_ranges_from = freeze_ranges_from

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        layers = quantized_layers(self.model)
        if not all(layer.scheduled for layer in layers):
            for layer in layers:
                layer.scheduled, layer.traced_without_schedule = True, False
            self.model.make_train_function(force=True)  # a step traced before knows no schedule

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        set_control(
            self.model,
            quantize=epoch >= self.quantize_from,
            observe=not _reached(epoch, self.freeze_ranges_from),
            batch_statistics=not _reached(epoch, self.freeze_batch_norm_from),
        )


def _reached(epoch: int, start: int | None) -> bool:
    return start is not None and epoch >= start


def set_control(
    model: Any, *, quantize: bool | None = None, observe: bool | None = None, batch_statistics: bool | None = None
) -> None:
    """Switches fake quantization, range learning and batch statistics of training mode; None leaves one as it is.

    For custom loops: call it once before the step is traced, whatever the values; then at any time.
    `QuantizationSchedule` calls it in `fit`.

    Raises: TfqError: a model without quantized layers, or one whose training step was traced before the first call.
    """
    layers = quantized_layers(model)
    late = [layer.name for layer in layers if layer.traced_without_schedule]
    if late and not all(layer.scheduled for layer in layers):
        raise TfqError(
            "the training step was traced before set_control was first called, so it would not follow it; "
            "call set_control(model) before the first step"
        )
    changes = ((QUANTIZE, quantize), (OBSERVE, observe), (BATCH_STATISTICS, batch_statistics))
    for layer in layers:
        layer.scheduled = True
        if not layer.has_range:
            continue
        state = np.array(keras.ops.convert_to_numpy(layer.control))
        for position, value in changes:
            if value is not None:
                state[position] = float(value)
        layer.control.assign(state)
