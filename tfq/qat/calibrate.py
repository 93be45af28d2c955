"""calibrate: ranges from data, on the float network: post-training quantization, and a start for training."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from tfq.errors import TfqError
from tfq.qat.base import QuantizedLayer
from tfq.qat.batches import batches
from tfq.qat.modes import float_pass


def calibrate(model: Any, data: Any, steps: int | None = None) -> Any:
    """Sets every activation range of a quantized model from data; returns the model.

    Args:
        data: array, list or dict of arrays (one per input), tuple of arrays (inputs, or x and y), tf.data.Dataset,
            generator or keras.utils.PyDataset.
        steps: batches to take, None for all.

    The network runs in float, batch norm by its moving statistics. The recipe says whether a range is (min, max) or
    percentiles. Nothing changes if an error is raised.

    Raises: TfqError: no data, or NaN or infinity in the data or in a layer's output, naming it.
    """
    layers = quantized_layers(model)
    seen: dict[tuple[QuantizedLayer, int], _Range] = {}

    def observe(layer: Any, site: int, y: Any) -> None:
        values = np.asarray(ops.convert_to_numpy(y), np.float32)
        if not np.all(np.isfinite(values)):
            raise TfqError(_not_finite(layer, values))
        seen.setdefault((layer, site), _Range(layer.recipe)).add(values)

    count = 0
    with float_pass(observe):
        for x in batches(model, data, steps):
            model(x, training=False)
            count += 1
    if count == 0:
        raise TfqError("calibration data is empty: give at least one batch")
    for (layer, site), found in seen.items():
        layer.set_range(site, *found.bounds())
    del layers
    return model


class _Range:
    """The range of one activation over all batches."""

    def __init__(self, recipe: Any) -> None:
        self.percentile = recipe.percentile if recipe.calibration == "percentile" else None
        self.los: list[float] = []
        self.his: list[float] = []

    def add(self, values: np.ndarray) -> None:
        if self.percentile is None:
            lo, hi = values.min(), values.max()
        else:
            lo, hi = np.percentile(values, [100.0 - self.percentile, self.percentile])
        self.los.append(float(lo))
        self.his.append(float(hi))

    def bounds(self) -> tuple[float, float]:
        if self.percentile is None:
            return min(self.los), max(self.his)
        return float(np.mean(self.los)), float(np.mean(self.his))


def _not_finite(layer: Any, values: np.ndarray) -> str:
    what = "NaN" if np.any(np.isnan(values)) else "infinity"
    if type(layer).__name__ == "QuantizedInput":
        return f"calibration data for input {layer.name!r} holds {what}; remove those samples"
    return f"layer {layer.name!r}: its output holds {what} on the calibration data; check the float model's weights"


def quantized_layers(model: Any) -> list[QuantizedLayer]:
    """The tfq layers of a model. Raises TfqError where there are none."""
    found = [layer for layer in getattr(model, "layers", []) if isinstance(layer, QuantizedLayer)]
    if not found:
        raise TfqError("expected a model from tfq.quantize or tfq.load, received one without quantized layers")
    return found
