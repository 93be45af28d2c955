"""BATCH_MATMUL of two tensors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.ops import batch_matmul
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.kernels import EXACT_TERMS
from tfq.qat.program import Step
from tfq.qat.values import centered, real_of


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedBatchMatMul(QuantizedLayer):
    """a @ b over the last two axes. b lies on a symmetric grid, as XNNPACK wants it.

    Args: transpose_a, transpose_b: whether that operand's last two axes are swapped first.
    """

    def __init__(self, transpose_a: bool = False, transpose_b: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.transpose_a = transpose_a
        self.transpose_b = transpose_b

    def compute_output_shape(self, input_shapes):
        a, b = (keras.KerasTensor(shape, "float32") for shape in input_shapes)
        return tuple(self.real([a, b], 0).shape)

    def _oriented(self, a: Any, b: Any) -> tuple[Any, Any]:
        return ops.swapaxes(a, -1, -2) if self.transpose_a else a, ops.swapaxes(b, -1, -2) if self.transpose_b else b

    def real(self, inputs, site):
        return ops.matmul(*self._oriented(*inputs))

    def infer(self, inputs, site):
        first, second = (self.input_grid(arrays, site, i) for i in range(2))
        out = self.grid(arrays, site)
        a, b = self._oriented(centered(inputs[0], first), centered(inputs[1], second))
        acc = _product(a, b) if self.bits == 8 else _wide_product(a, b)
        constants = batch_matmul.constants(arrays, self.profile, first, second, out)
        return real_of(batch_matmul.integers(arrays, self.profile, constants, acc), out)

    def lower(self, site, inputs, output):
        options = {"adj_x": self.transpose_a, "adj_y": self.transpose_b, "asymmetric_quantize_inputs": False}
        return [Step("BATCH_MATMUL", tuple(inputs), output, options)]

    def get_config(self):
        return {**super().get_config(), "transpose_a": self.transpose_a, "transpose_b": self.transpose_b}


def _product(a: Any, b: Any) -> Any:
    """a @ b of whole numbers of 9 bits and a sign, int32."""
    total: Any = 0
    for start in range(0, a.shape[-1], EXACT_TERMS // 2):
        stop = start + EXACT_TERMS // 2
        total = total + ops.cast(ops.round(ops.matmul(a[..., start:stop], b[..., start:stop, :])), "int32")
    return total


def _wide_product(a: Any, b: Any) -> Any:
    """a @ b of 16-bit whole numbers, int64: in halves of 8 bits."""
    halves = [(high := ops.floor(x * np.float32(1 / 256)), x - high * np.float32(256)) for x in (a, b)]
    (a_high, a_low), (b_high, b_low) = halves
    high, middle, low = (
        _product(a_high, b_high),
        (_product(a_high, b_low), _product(a_low, b_high)),
        _product(a_low, b_low),
    )
    high, low = (ops.cast(x, "int64") for x in (high, low))
    return (high * 256 + ops.cast(middle[0], "int64") + ops.cast(middle[1], "int64")) * 256 + low
