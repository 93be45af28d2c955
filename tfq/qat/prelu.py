"""PRELU: a leaky relu whose slopes train."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import Affine, quantize, scale_zero_point
from tfq.ops import prelu
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Constant, Step
from tfq.qat.values import real_of, stored, variable_value


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedPrelu(QuantizedLayer):
    """y = x where it is not negative, else alpha * x, of up to four axes. Args: inner: the Keras PReLU."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, input_shape):
        if not self.inner.built:
            self.inner.build(input_shape)
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def real(self, x, site):
        return ops.relu(x) - ops.convert_to_tensor(self.inner.alpha) * ops.relu(-x)

    def alpha_grid(self, xp) -> Affine:
        """The grid of alpha's integers."""
        alpha = variable_value(xp, self.inner.alpha)
        return Affine(*scale_zero_point(xp, -xp.max(-alpha), xp.max(alpha)))

    def infer(self, x, site):
        grid, alpha_grid, out = self.input_grid(arrays, site), self.alpha_grid(arrays), self.grid(arrays, site)
        constants = prelu.constants(arrays, self.profile, grid, alpha_grid, out)
        alpha = quantize(arrays, variable_value(arrays, self.inner.alpha), alpha_grid)
        return real_of(prelu.integers(arrays, self.profile, constants, stored(x, grid), alpha), out)

    def lower(self, site, inputs, output):
        grid = self.alpha_grid(numpy_arrays)
        q = quantize(numpy_arrays, variable_value(numpy_arrays, self.inner.alpha), grid).astype(np.int8)
        zero_point = np.array([int(grid.zero_point)], np.int64)
        alpha = Constant(f"{output.name}/alpha", q, np.array([grid.scale], np.float32), zero_point)
        return [Step("PRELU", (inputs[0], alpha), output)]

    def get_config(self):
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner=inner, **config)
