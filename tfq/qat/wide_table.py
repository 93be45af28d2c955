"""A function of a 16-bit tensor as a lookup table, 16 bits out: exact in every runtime, whatever the function."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics import expression as expressions
from tfq.numerics.affine import Affine, divide
from tfq.ops import quantize
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Activation, Constant, Step
from tfq.qat.values import real_of, stored

_FINER = 16  # fine steps in a coarse one; even
_TOP = 255  # the largest of each code
_ENTRIES = 2 * _TOP + 1
_LOW = 128  # the high byte of an entry counts this many of the low byte's steps
_LEAST = 0.25  # what stands for the fine code 0: a quarter of a step, since most functions of this use are steep at 0


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedWideTable(QuantizedLayer):
    """y = f(x), elementwise, of a 16-bit tensor without negative values, for few elements (one a row).

    x is rounded to two 8-bit codes, one of 1/255 of its range and one 16 times as fine, which saturates; their sum, 0
    to 510, picks the entry. So values of 1/1000 of the largest still have several codes. An entry has 15 bits, as two
    tables of 8-bit integers, since TFLite Micro gathers nothing wider.

    Args: expression: of tfq.numerics.expression.
    """

    def __init__(self, expression: Any, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "bits": 16})
        self.expression = expression

    def compute_output_shape(self, input_shape):
        return input_shape

    def real(self, x, site):
        return expressions.evaluate(arrays, self.expression, x) + 0.0 * x

    def running_range(self, state, site):
        lo, hi = super().running_range(state, site)
        largest = ops.stop_gradient(arrays.max(arrays.abs(self.values(arrays, site))))
        return ops.maximum(lo, -largest), ops.minimum(hi, largest)

    def grid(self, xp, site=0):
        """No wider than the table's values: f may reach far where x is nearly 0 and its value does not matter."""
        seen = super().grid(xp, site)
        largest = xp.max(xp.abs(self.values(xp, site)))
        return replace(seen, scale=xp.minimum(seen.scale, self.grid_of(xp, -largest, largest).scale))

    def code_grids(self, xp: Any, site: int) -> tuple[Affine, Affine]:
        """The grids of the coarse and of the fine code."""
        grid = self.input_grid(xp, site)
        coarse = grid.scale * np.float32(grid.qmax / _TOP)
        zero_point = np.float32(-128)
        return Affine(coarse, zero_point), Affine(coarse * np.float32(1 / _FINER), zero_point)

    def values(self, xp: Any, site: int) -> Any:
        """f at what each entry stands for: float32 [511]."""
        index = np.arange(_ENTRIES)
        # Which pair of codes has this sum: a coarse one comes after every 16 fine ones, first in the middle of them.
        fine = index - (index + _FINER // 2) // (_FINER + 1)
        steps = np.where(fine <= _TOP, np.maximum(fine, _LEAST), (index - _TOP) * float(_FINER))
        with arrays.wide_types():
            step = xp.cast(self.code_grids(xp, site)[1].scale, "float64")
            y = expressions.evaluate(xp, self.expression, xp.asarray(steps, "float64") * step)
            return xp.cast(y, "float32")

    def entries(self, xp: Any, site: int) -> Any:
        """The stored output of each entry: whole numbers, float32 [511]."""
        out = self.grid(xp, site)
        steps = xp.round(divide(xp, self.values(xp, site), out.scale))
        return xp.clip(steps, -out.qmax, out.qmax)

    def infer(self, x, site):
        grid, out = self.input_grid(arrays, site), self.grid(arrays, site)
        index = 2 * _LOW
        for codes in self.code_grids(arrays, site):
            constants = quantize.constants(arrays, self.profile, grid, codes)
            q = quantize.integers(arrays, self.profile, constants, stored(x, grid))
            index = index + ops.cast(q, "int32")
        return real_of(ops.take(self.entries(arrays, site), index), out)

    def lower(self, site, inputs, output):
        made = [self._code(inputs[0], output, *part) for part in self._named_grids(site)]
        picks, index = self._index(output, [steps[-1].output for steps in made])
        entries = self.entries(numpy_arrays, site).astype(np.int64)
        high = entries // _LOW
        out = output.grid
        # The sum of the two is exact: equal scales, or one 128 times the other, are shifts.
        halves = [
            self._half(output, index, "high", high, replace(out, scale=out.scale * np.float32(_LOW))),
            self._half(output, index, "low", entries - high * _LOW, out),
        ]
        options = {"fused_activation_function": "NONE", "pot_scale_int16": False}
        total = Step("ADD", tuple(steps[-1].output.name for steps in halves), output, options)
        return [*(step for steps in made for step in steps), *picks, *(s for steps in halves for s in steps), total]

    def _named_grids(self, site: int) -> list[tuple[str, Affine]]:
        return list(zip(("coarse", "fine"), self.code_grids(numpy_arrays, site), strict=True))

    def _code(self, source: str, output: Activation, name: str, grid: Affine) -> list[Step]:
        narrow = Activation(f"{output.name}/{name}", output.shape, grid)
        whole = Activation(f"{narrow.name}_code", output.shape, None, "INT32")
        types = {"in_data_type": "INT8", "out_data_type": "INT32"}
        return [Step("QUANTIZE", (source,), narrow), Step("CAST", (narrow.name,), whole, types)]

    def _index(self, output: Activation, codes: list[Activation]) -> tuple[list[Step], str]:
        total = Activation(f"{output.name}/codes", output.shape, None, "INT32")
        index = Activation(f"{output.name}/index", output.shape, None, "INT32")
        offset = Constant(f"{output.name}/offset", np.array([2 * 128], np.int32))
        options = {"fused_activation_function": "NONE", "pot_scale_int16": False}
        steps = [
            Step("ADD", tuple(code.name for code in codes), total, options),
            Step("ADD", (total.name, offset), index, options),
        ]
        return steps, index.name

    def _half(self, output: Activation, index: str, name: str, q: np.ndarray, grid: Affine) -> list[Step]:
        """One byte of the entries, gathered and brought to 16 bits."""
        zero_point = -128 if q.max() > 127 else 0
        scale, point = np.array([grid.scale], np.float32), np.array([zero_point], np.int64)
        table = Constant(f"{output.name}/{name}_bytes", (q + zero_point).astype(np.int8), scale, point)
        byte = Activation(f"{output.name}/{name}_byte", output.shape, Affine(grid.scale, np.float32(zero_point)))
        wide = Activation(f"{output.name}/{name}", output.shape, output.grid)
        options = {"axis": 0, "batch_dims": 0}
        return [Step("GATHER", (table, index), byte, options), Step("QUANTIZE", (byte.name,), wide)]

    def get_config(self):
        config = super().get_config()
        config.pop("bits")
        return {**config, "expression": self.expression}
