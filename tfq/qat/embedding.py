"""Embedding: rows of an int8 table, picked by int32 indices."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import SMALLEST_RANGE, Affine, divide, symmetric_scale
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Constant, Step
from tfq.qat.values import real_of, variable_value


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedEmbedding(QuantizedLayer):
    """GATHER of a constant table. The output lies on the table's own grid: symmetric, from its largest weight.

    Args: inner: the Keras Embedding, which holds the table.
    """

    has_range = False

    def __init__(self, inner: Any, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "symmetric": True})
        self.inner = inner

    def build(self, input_shape):
        if not self.inner.built:
            self.inner.build(input_shape)
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.inner.output_dim)

    def grid(self, xp, site=0):
        qmax = 2 ** (self.bits - 1) - 1
        largest = xp.max(xp.abs(variable_value(xp, self.inner.embeddings)))
        scale = xp.maximum(symmetric_scale(xp, largest, qmax), np.float32(SMALLEST_RANGE))
        return Affine(scale, np.float32(0), -qmax - 1, qmax)

    def codes(self, xp: Any, rows: Any) -> Any:
        """The integers of rows of the table: whole numbers as float32."""
        return xp.round(divide(xp, rows, self.grid(xp).scale))

    def rows(self, indices: Any) -> Any:
        """The reals that the indices pick."""
        return ops.take(ops.convert_to_tensor(self.inner.embeddings), ops.cast(indices, "int32"), axis=0)

    def real(self, x, site):
        return self.rows(x)

    def train(self, x, site):
        rows, scale = self.rows(x), ops.stop_gradient(self.grid(arrays).scale)
        return rows + ops.stop_gradient(ops.round(rows / scale) * scale - rows)

    def infer(self, x, site):
        return real_of(self.codes(arrays, self.rows(x)), self.grid(arrays))

    def lower(self, site, inputs, output):
        table = self.codes(numpy_arrays, variable_value(numpy_arrays, self.inner.embeddings))
        scale, kind = self.grid(numpy_arrays).scale, np.int8 if self.bits == 8 else np.int16
        rows = Constant(f"{output.name}/table", table.astype(kind), np.array([scale]), np.zeros(1, np.int64))
        return [Step("GATHER", (rows, inputs[0]), output, {"axis": 0, "batch_dims": 0})]

    def get_config(self):
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(inner=keras.saving.deserialize_keras_object(config.pop("inner")), **config)
