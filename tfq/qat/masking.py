"""A constant mask on the inputs of a softmax."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import Affine, quantize, scale_zero_point
from tfq.ops import add
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Constant, Step
from tfq.qat.values import real_of, stored, straight_through, variable_value

_FAR = 7.0  # exp(-7) is below half a step of a softmax's output, 1/512
_HIDDEN = -1e9


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedMask(QuantizedLayer):
    """y = x where the mask is 1, far below every x where it is 0: ADD of a constant that saturates.

    The output's grid is the input's, widened at the low end by as much as makes an exponential vanish beside any other
    of its row: its precision is spent on what the mask lets through.

    Args: mask_shape: of the mask, which the layer holds; it broadcasts to x. beta: of the softmax that follows.
    """

    has_range = False

    def __init__(self, mask_shape: tuple[int, ...], beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_shape = tuple(mask_shape)
        self.beta = float(beta)

    def build(self, input_shape):
        self.constant = self.add_weight(
            name="mask", shape=self.mask_shape, initializer="ones", trainable=False, dtype="float32"
        )
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def grid(self, xp, site=0):
        grid = self.input_grid(xp, site)
        lo, hi = ((np.float32(end) - grid.zero_point) * grid.scale for end in (grid.qmin, grid.qmax))
        return Affine(*scale_zero_point(xp, lo - np.float32(_FAR / self.beta), hi))

    def mask_grid(self, xp: Any, site: int) -> Affine:
        """Of the constant, 0 or as far below as the output's grid is wide."""
        return Affine(self.grid(xp, site).scale * np.float32(2), np.float32(127))

    def hidden(self, xp: Any, site: int) -> Any:
        """The constant: reals."""
        grid = self.mask_grid(xp, site)
        return (1.0 - variable_value(xp, self.constant)) * (grid.scale * np.float32(-255))

    def real(self, x, site):
        mask = ops.convert_to_tensor(self.constant)
        return x * mask + (1.0 - mask) * _HIDDEN

    def train(self, x, site):
        return straight_through(self.real(x, site), self.grid(arrays, site))

    def infer(self, x, site):
        grid, other, out = self.input_grid(arrays, site), self.mask_grid(arrays, site), self.grid(arrays, site)
        constants = add.constants(arrays, self.profile, grid, other, out, "NONE")
        codes = quantize(arrays, self.hidden(arrays, site), other)
        return real_of(add.integers(arrays, self.profile, constants, stored(x, grid), codes), out)

    def lower(self, site, inputs, output):
        grid = self.mask_grid(numpy_arrays, site)
        q = quantize(numpy_arrays, self.hidden(numpy_arrays, site), grid).astype(np.int8)
        zero_point = np.array([int(grid.zero_point)], np.int64)
        constant = Constant(f"{output.name}/mask", q, np.array([grid.scale], np.float32), zero_point)
        options = {"fused_activation_function": "NONE", "pot_scale_int16": False}
        return [Step("ADD", (inputs[0], constant), output, options)]

    def get_config(self):
        return {**super().get_config(), "mask_shape": list(self.mask_shape), "beta": self.beta}
