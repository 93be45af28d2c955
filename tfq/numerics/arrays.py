"""The NumPy array namespace: the names that numerics and ops use, spelled as in keras.ops.

`tfq.qat.arrays` has the same names over keras.ops; tests hold the two to the same integers.
"""

from __future__ import annotations

import math

import numpy as np
from numpy import (
    abs,
    arange,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    bitwise_and,
    clip,
    concatenate,
    cos,
    exp,
    expand_dims,
    expm1,
    floor,
    floor_divide,
    frexp,
    log,
    log1p,
    max,
    maximum,
    minimum,
    power,
    reshape,
    right_shift,
    round,
    sign,
    sin,
    sqrt,
    stack,
    sum,
    take,
    tan,
    tanh,
    trunc,
    where,
    zeros_like,
)

__all__ = [
    "abs",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asarray",
    "bitwise_and",
    "cast",
    "clip",
    "concatenate",
    "cos",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "floor",
    "floor_divide",
    "frexp",
    "log",
    "log1p",
    "max",
    "maximum",
    "minimum",
    "power",
    "reshape",
    "right_shift",
    "round",
    "sign",
    "sin",
    "sqrt",
    "stack",
    "sum",
    "sum_in_order",
    "take",
    "tan",
    "tanh",
    "trunc",
    "where",
    "zeros_like",
]


def cast(x, dtype: str) -> np.ndarray:
    """x as `dtype`; integers from integral floats only."""
    return np.asarray(x).astype(dtype, copy=False)


def asarray(x, dtype: str) -> np.ndarray:
    """A constant of the given dtype."""
    return np.asarray(x, dtype)


def sum_in_order(x: np.ndarray) -> np.ndarray:
    """The sum over the last axis in x's own dtype, added from the first element to the last: ((x0 + x1) + x2) + ..."""
    return np.add.accumulate(x, axis=-1)[..., -1]


def erf(x: np.ndarray) -> np.ndarray:
    """The error function, float64."""
    return np.reshape([math.erf(value) for value in np.ravel(x)], np.shape(x))
