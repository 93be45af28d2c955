"""A function of one tensor as a lookup table: exact in every runtime, whatever the function."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics import expression as expressions
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Activation, Constant, Step
from tfq.qat.values import real_of, stored, straight_through


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedTable(QuantizedLayer):
    """y = f(x), elementwise, as 256 stored outputs: CAST to int32, ADD 128, GATHER.

    TFLite has no op for a table of one's own; these three are copies and whole numbers, so all runtimes agree.

    Args: expression: of tfq.numerics.expression.
    """

    def __init__(self, expression: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expression = expression
        self.has_range = not expressions.is_boolean(expression)  # what is 0 or 1 may be 0 in all of the data

    def grid(self, xp, site=0):
        if self.has_range:
            return super().grid(xp, site)
        return self.grid_of(xp, xp.asarray(0.0, "float32"), xp.asarray(1.0, "float32"))

    def train(self, x, site):
        return super().train(x, site) if self.has_range else straight_through(self.real(x, site), self.grid(arrays))

    def compute_output_shape(self, input_shape):
        return input_shape

    def real(self, x, site):
        return expressions.evaluate(arrays, self.expression, x) + 0.0 * x

    def infer(self, x, site):
        grid, out = self.input_grid(arrays, site), self.grid(arrays, site)
        codes = ops.cast(stored(x, grid) - np.float32(grid.qmin), "int32")
        entries = self.once("table", site, lambda: expressions.table(arrays, self.expression, grid, out))
        return real_of(ops.take(entries, codes), out)

    def lower(self, site, inputs, output):
        grid, out = self.input_grid(numpy_arrays, site), self.grid(numpy_arrays, site)
        table = expressions.table(numpy_arrays, self.expression, grid, out).astype(np.int8)
        zero_point = np.array([int(out.zero_point)], np.int64)
        signed = Activation(f"{output.name}/codes", output.shape, None, "INT32")
        index = Activation(f"{output.name}/index", output.shape, None, "INT32")
        offset = Constant(f"{output.name}/offset", np.array([-grid.qmin], np.int32))
        entries = Constant(f"{output.name}/table", table, np.array([out.scale], np.float32), zero_point)
        return [
            Step("CAST", tuple(inputs), signed, {"in_data_type": "INT8", "out_data_type": "INT32"}),
            Step(
                "ADD",
                (signed.name, offset),
                index,
                {"fused_activation_function": "NONE", "pot_scale_int16": False},
            ),
            Step("GATHER", (entries, index.name), output, {"axis": 0, "batch_dims": 0}),
        ]

    def get_config(self):
        return {**super().get_config(), "expression": self.expression}
