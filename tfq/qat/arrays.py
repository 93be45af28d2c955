"""The keras.ops array namespace: the same names as tfq.numerics.arrays, for the same functions in training.

Some of these functions need float64 or int64 for a few values; JAX has them only within `wide_types`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import keras
import numpy as np
from keras.ops import (
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
    erf,
    exp,
    expand_dims,
    expm1,
    floor,
    floor_divide,
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
    "wide_types",
    "zeros_like",
]


_UNROLLED = 256  # additions written out in the graph; a longer sum is a loop


def wide_types() -> AbstractContextManager:
    """A context in which float64 and int64 exist; the results that leave it must be 32 bits wide."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.enable_x64(True)
    return nullcontext()


def cast(x, dtype: str):
    """x as `dtype`."""
    return keras.ops.cast(x, dtype)


def asarray(x, dtype: str):
    """A constant of the given dtype."""
    return keras.ops.convert_to_tensor(np.asarray(x, dtype))


def frexp(x):
    """(fraction, exponent): x = fraction * 2**exponent with fraction in [0.5, 1), exact; (0, 0) for 0.

    x: 0 or normal, below 2**127 (float32) or 2**1023 (float64).

    The logarithm only proposes an exponent; products with powers of two, which are exact, correct it by one.
    """
    dtype = keras.backend.standardize_dtype(x.dtype)
    bias, top = (126, 127) if dtype == "float32" else (1022, 1023)
    powers = asarray(2.0 ** np.arange(-bias, top + 1, dtype=np.float64), dtype)
    safe = where(x > 0, x, keras.ops.ones_like(x))
    guess = clip(floor(keras.ops.log2(safe)) + 1, 1 - top, bias)
    exponent = cast(guess, "int32")
    fraction = safe * take(powers, bias - exponent)
    too_large, too_small = fraction >= 1, fraction < 0.5
    exponent = exponent + cast(too_large, "int32") - cast(too_small, "int32")
    fraction = where(too_large, fraction * 0.5, where(too_small, fraction * 2, fraction))
    return where(x > 0, fraction, zeros_like(x)), where(x > 0, exponent, keras.ops.zeros_like(exponent))


def sum_in_order(x):
    """Float32 sum over the last axis in index order, each partial sum rounded, as a C loop does."""
    columns = keras.ops.moveaxis(x, -1, 0)
    if x.shape[-1] > _UNROLLED:
        return keras.ops.scan(lambda total, column: (total + column, total), zeros_like(columns[0]), columns)[0]
    total = columns[0]
    for i in range(1, x.shape[-1]):
        total = total + columns[i]
    return total
