"""ADD, SUB and MUL of two tensors, or of a tensor and a constant that the layer holds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import CONSTANT_RANGE, SMALLEST_SQUARE, Affine, quantize, scale_zero_point
from tfq.ops import add, mul, sub
from tfq.qat import arrays, training
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Constant, Step
from tfq.qat.values import real_of, stored, variable_value
from tfq.qat.weighted import FUSED

_OPS = {"add": (add, "ADD"), "subtract": (sub, "SUB"), "multiply": (mul, "MUL")}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedBinary(QuantizedLayer):
    """A sum, difference or product, with a fused activation.

    Args:
        kind: "add", "subtract" or "multiply". activation: "linear", "relu" or "relu6".
        constant_shape: of the operand that the layer holds as a variable, None for two tensors. constant_first: whether
        it is the first operand. constant_trainable: whether it learns.
    """

    def __init__(
        self,
        kind: str,
        activation: str = "linear",
        constant_shape: tuple[int, ...] | None = None,
        constant_first: bool = False,
        constant_trainable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.activation = activation
        self.constant_shape = None if constant_shape is None else tuple(constant_shape)
        self.constant_first = constant_first
        self.constant_trainable = constant_trainable

    def build(self, *shapes):
        if self.constant_shape is not None:
            self.constant = self.add_weight(
                name="constant",
                shape=self.constant_shape,
                initializer="zeros",
                trainable=self.constant_trainable,
                dtype="float32",
            )
        super().build(*shapes)

    def compute_output_shape(self, input_shapes):
        shapes = [input_shapes, self.constant_shape] if self.constant_shape is not None else input_shapes
        return broadcast_shape(*shapes)

    @property
    def smallest(self):
        """In 16 bits squares of small numbers, and their means, are no constants yet."""
        return SMALLEST_SQUARE if self.bits > 8 else CONSTANT_RANGE

    def operands(self, inputs: Any) -> list[Any]:
        """Both operands, real, in order."""
        if self.constant_shape is None:
            return list(inputs)
        both = [inputs, ops.convert_to_tensor(self.constant)]
        return both[::-1] if self.constant_first else both

    def operand_grids(self, xp: Any, site: int) -> list[Affine]:
        """Both operands' grids, in order."""
        if self.constant_shape is None:
            return [self.input_grid(xp, site, i) for i in range(2)]
        value = variable_value(xp, self.constant)
        lo, hi = -xp.max(-value), xp.max(value)
        constant = self.grid_of(xp, lo, hi) if self.bits > 8 else Affine(*scale_zero_point(xp, lo, hi))
        both = [self.input_grid(xp, site), constant]
        return both[::-1] if self.constant_first else both

    def pre_activation(self, inputs, site):
        return getattr(ops, self.kind)(*self.operands(inputs))

    def real(self, inputs, site):
        return training.activate(self.pre_activation(inputs, site), self.activation)

    def infer(self, inputs, site):
        op, _ = _OPS[self.kind]
        grids, out = self.operand_grids(arrays, site), self.grid(arrays, site)
        constants = self.once(
            "constants", site, lambda: op.constants(arrays, self.profile, *grids, out, FUSED[self.activation])
        )
        codes = [
            quantize(arrays, x, grid) if self._is_constant(i) else stored(x, grid)
            for i, (x, grid) in enumerate(zip(self.operands(inputs), grids, strict=True))
        ]
        return real_of(op.integers(arrays, self.profile, constants, *codes), out)

    def _is_constant(self, position: int) -> bool:
        return self.constant_shape is not None and (position == 0) == self.constant_first

    def lower(self, site, inputs, output):
        options: dict[str, Any] = {"fused_activation_function": FUSED[self.activation]}
        if self.kind != "multiply":
            options["pot_scale_int16"] = False
        sources: list[Any] = list(inputs)
        if self.constant_shape is not None:
            grid = self.operand_grids(numpy_arrays, site)[0 if self.constant_first else 1]
            q = quantize(numpy_arrays, variable_value(numpy_arrays, self.constant), grid)
            q = q.astype(np.int16 if self.bits > 8 else np.int8)
            zero_point = np.array([int(grid.zero_point)], np.int64)
            constant = Constant(f"{output.name}/constant", q, np.array([grid.scale], np.float32), zero_point)
            sources = [constant, *inputs] if self.constant_first else [*inputs, constant]
        return [Step(_OPS[self.kind][1], tuple(sources), output, options)]

    def get_config(self):
        return {
            **super().get_config(),
            "kind": self.kind,
            "activation": self.activation,
            "constant_shape": self.constant_shape,
            "constant_first": self.constant_first,
            "constant_trainable": self.constant_trainable,
        }


def broadcast_shape(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The shape of an elementwise result; None is the batch. Raises ValueError where the shapes do not fit."""
    known = [tuple(1 if size is None else size for size in shape) for shape in (a, b)]
    shape: list[int | None] = list(np.broadcast_shapes(*known))
    for source in (a, b):
        for i, size in enumerate(reversed(source)):
            if size is None:
                shape[-1 - i] = None
    return tuple(shape)
