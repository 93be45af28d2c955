"""Variables and tensors as values: reading a variable in either namespace, going between reals and stored integers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import Affine


def variable_value(xp: Any, variable: Any) -> Any:
    """A variable's value in the namespace: a NumPy array, or the backend's tensor."""
    return np.asarray(ops.convert_to_numpy(variable)) if xp is numpy_arrays else ops.convert_to_tensor(variable)


def concrete_value(variable: Any) -> np.ndarray | None:
    """A variable's present value, also from within a graph being traced; None where JAX's `fit` holds it."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.init_scope():
            return variable._value.numpy()
    return None if variable._value is None else np.asarray(ops.convert_to_numpy(variable._value))


def straight_through(y: Any, grid: Affine) -> Any:
    """y rounded to the grid; the gradient is 1 inside its range, 0 outside (Bengio et al. 2013, Jacob et al. 2017)."""
    lo = (np.float32(grid.qmin) - grid.zero_point) * grid.scale
    hi = (np.float32(grid.qmax) - grid.zero_point) * grid.scale
    y = ops.clip(y, lo, hi)
    on_grid = ops.round(y / grid.scale) * grid.scale
    return y + ops.stop_gradient(on_grid - y)


def centered(x: Any, grid: Affine) -> Any:
    """q - zero_point of a tensor that lies on the grid: exact, as |q - zero_point| is far below 2**23."""
    return ops.round(x / grid.scale)


def stored(x: Any, grid: Affine) -> Any:
    """The stored integers of a tensor that lies on the grid."""
    return centered(x, grid) + grid.zero_point


def real_of(q: Any, grid: Affine) -> Any:
    """The float32 reals of stored integers."""
    return (ops.cast(q, "float32") - grid.zero_point) * grid.scale
