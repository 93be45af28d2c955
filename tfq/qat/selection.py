"""Comparisons of two tensors, logic on what they give, and choices by it.

A condition is an int8 tensor of 0 and 1 on the grid of [0, 1], so that it goes wherever other tensors go.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics import expression as expressions
from tfq.numerics.affine import Affine, scale_zero_point
from tfq.qat import arrays
from tfq.qat.binary import QuantizedBinary, broadcast_shape
from tfq.qat.movement import SharedRangeLayer
from tfq.qat.program import Activation, Constant, Step
from tfq.qat.values import straight_through

_ZERO, _ONE = np.int8(-128), np.int8(127)


def condition_grid(xp: Any) -> Affine:
    """The grid of conditions: 0 is its lowest code, 1 its highest."""
    return Affine(*scale_zero_point(xp, xp.asarray(0.0, "float32"), xp.asarray(1.0, "float32")))


def _whole(name: str, source: str, shape: tuple[int | None, ...]) -> Step:
    """CAST: the codes of an int8 tensor as int32, which every runtime compares as they are."""
    return Step("CAST", (source,), Activation(name, shape, None, "INT32"), _INT32)


_INT32 = {"in_data_type": "INT8", "out_data_type": "INT32"}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedComparison(SharedRangeLayer):
    """1 where the relation holds of two tensors, else 0; both lie on one grid, so their codes are compared.

    Args: kind: "greater", "greater_equal", "less", "less_equal", "equal" or "not_equal".
    """

    keeps_input_grid = False

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def compute_output_shape(self, input_shapes):
        return broadcast_shape(*input_shapes)

    def grid(self, xp, site=0):
        return condition_grid(xp)

    def real(self, inputs, site):
        return expressions.FUNCTIONS[self.kind](arrays, *inputs)

    def lower(self, site, inputs, output):
        names = [f"{output.name}/codes_{i}" for i in range(2)]
        casts = [
            _whole(name, source, (None, *tensor.shape[1:]))
            for name, source, tensor in zip(names, inputs, self.input, strict=True)
        ]
        holds = Activation(f"{output.name}/holds", output.shape, None, "BOOL")
        scale, zero_point = np.array([output.grid.scale], np.float32), np.array([int(output.grid.zero_point)], np.int64)
        ends = [
            Constant(f"{output.name}/{name}", np.full((1,) * len(output.shape), code, np.int8), scale, zero_point)
            for name, code in (("one", _ONE), ("zero", _ZERO))
        ]
        return [*casts, Step(self.kind.upper(), tuple(names), holds), Step("SELECT_V2", (holds.name, *ends), output)]

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedLogic(QuantizedBinary):
    """AND or OR of two conditions: their product, or their sum, which ends at 1.

    Args: kind: "logical_and" or "logical_or".
    """

    has_range = False

    def __init__(self, kind: str, **kwargs: Any) -> None:
        arithmetic = {"logical_and": "multiply", "logical_or": "add"}.get(kind, kind)
        super().__init__(kind=arithmetic, **kwargs)

    def grid(self, xp, site=0):
        return condition_grid(xp)

    def real(self, inputs, site):
        return ops.clip(super().real(inputs, site), 0.0, 1.0)

    def train(self, inputs, site):
        return straight_through(self.real(inputs, site), condition_grid(arrays))


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedSelect(SharedRangeLayer):
    """a where the condition is 1, else b; a and b lie on one grid, and are copied. Inputs: a, b, condition."""

    sharing = 2

    def compute_output_shape(self, input_shapes):
        a, b, condition = input_shapes
        return broadcast_shape(broadcast_shape(a, b), condition)

    def real(self, inputs, site):
        return expressions.FUNCTIONS["select"](arrays, *inputs)

    def lower(self, site, inputs, output):
        grid = self.input_grid(numpy_arrays, site, 2)
        shape = (None, *self.input[2].shape[1:])
        half = int(np.floor(0.5 / float(grid.scale) + float(grid.zero_point)))
        codes, holds = f"{output.name}/codes", Activation(f"{output.name}/holds", shape, None, "BOOL")
        return [
            _whole(codes, inputs[2], shape),
            Step("GREATER", (codes, Constant(f"{output.name}/half", np.array([half], np.int32))), holds),
            Step("SELECT_V2", (holds.name, *inputs[:2]), output),
        ]
