"""RESIZE_BILINEAR as a layer: what Keras computes without antialias, pixel centers at halves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.ops import resize_bilinear
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.movement import fake_rounded
from tfq.qat.program import Constant, Step
from tfq.qat.values import real_of, stored


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedResizeBilinear(QuantizedLayer):
    """Images [N, H, W, C] of another size, on their input's grid. Args: size: (height, width)."""

    has_range = False
    keeps_input_grid = True

    def __init__(self, size: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = (int(size[0]), int(size[1]))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[3])

    def real(self, x, site):
        return ops.image.resize(x, self.size, interpolation="bilinear", data_format="channels_last")

    def train(self, x, site):
        return fake_rounded(self.real(x, site), self.grid(arrays, site))

    def infer(self, x, site):
        grid = self.input_grid(arrays, site)
        q = ops.cast(stored(x, grid), "int32")
        made = resize_bilinear.integers(arrays, self.profile, q, self.size, centers=True, qmax=grid.qmax)
        return real_of(made, grid)

    def lower(self, site, inputs, output):
        size = Constant(f"{output.name}/size", np.array(self.size, np.int32))
        options = {"align_corners": False, "half_pixel_centers": True}
        return [Step("RESIZE_BILINEAR", (inputs[0], size), output, options)]

    def get_config(self):
        return {**super().get_config(), "size": list(self.size)}
