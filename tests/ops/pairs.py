"""Cases of ops with two operands, of any type, for the tables of their tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.ops.harness import Case, quantization
from tfq.tflite import Tensor
from tfq.tflite.model import NUMPY_TYPES

SHAPE = (1, 6, 7, 8)
NUMBERS = ("FLOAT32", "INT32", "INT64", "BOOL", "UINT32", "UINT16", "FLOAT64")
# Operands that meet in every way: alike, by rows, each broadcasting the other, of unlike rank, scalars, many axes.
BROADCASTS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "alike": (SHAPE, SHAPE),
    "both ways": ((1, 6, 1, 8), (1, 1, 7, 8)),
    "first into second": ((1, 1, 7, 1), SHAPE),
    "five axes": ((1, 2, 3, 4, 5), (1, 1, 3, 1, 5)),
    "six axes": ((1, 2, 1, 2, 1, 5), (1, 1, 3, 1, 2, 5)),
    "large": ((1, 16, 17, 32), (1, 16, 1, 32)),
}


def operand(name: str, shape, type: str, scale: float, zero_point: int, data=None, scaled: bool = True) -> Tensor:
    """A tensor of the type; scale and zero point only where the type takes them and `scaled` is true."""
    if data is not None:
        data = np.asarray(data).astype(NUMPY_TYPES[type])
        shape = data.shape
    has_scale = scaled and type not in NUMBERS
    return Tensor(name, tuple(shape), type, quantization(scale, zero_point) if has_scale else None, data)


def pair(
    code: str,
    name: str,
    a=(0.1, 0),
    b=(0.05, 0),
    y=(0.2, 0),
    *,
    type: str = "INT8",
    second: str = "",
    output: str = "",
    shapes=(SHAPE, SHAPE),
    twice: bool = False,
    const=None,
    scaled: bool = True,
    options: Mapping[str, Any] | None = None,
    **more,
) -> Case:
    """A case of two operands.

    a, b, y: (scale, zero point). second, output: their types, where not `type`. const: values of a constant second
    operand. twice: one tensor is both operands. scaled: False for no scales at all.
    """
    first = operand("a", shapes[0], type, *a, scaled=scaled)
    other = first if twice else operand("b", shapes[1], second or type, *b, const, scaled=scaled)
    out = np.broadcast_shapes(first.shape, other.shape)
    result = operand("y", out, output or type, *y, scaled=scaled)
    return Case(name, code, (first, other), (result,), options or {}, **more)
