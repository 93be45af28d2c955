"""The C library's own float functions, element by element.

LiteRT's 16-bit tables hold what expf, tanhf, logf and erfcf of the host answer. Those are not correctly rounded:
float64 rounded to float32 parts from glibc 2.36's on 1 argument in 1,700 (expf) to 1 in 18 (tanhf), which moves an
entry of such a table now and then. Hence the library itself, called once for each of a table's points. Where it cannot
be loaded, and for other types than float32, the functions of Python's `math` stand in.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import math
import sys
from collections.abc import Callable

import numpy as np


def exp(x) -> np.ndarray:
    """exp(x) in x's own float type."""
    return _each("exp", x)


def log(x) -> np.ndarray:
    """log(x) in x's own float type; x > 0."""
    return _each("log", x)


def tanh(x) -> np.ndarray:
    """tanh(x) in x's own float type."""
    return _each("tanh", x)


def erfc(x) -> np.ndarray:
    """1 - erf(x) in x's own float type."""
    return _each("erfc", x)


def _each(name: str, x) -> np.ndarray:
    x = np.asarray(x)
    function = _float32(name) if x.dtype == np.float32 else _saturating(getattr(math, name))
    values = np.fromiter((function(value) for value in x.reshape(-1).tolist()), np.float64, x.size)
    with np.errstate(over="ignore"):
        return values.astype(x.dtype).reshape(x.shape)


@functools.cache
def _float32(name: str) -> Callable[[float], float]:
    try:
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else ctypes.util.find_library("m"))
        function = getattr(library, f"{name}f")
    except (OSError, AttributeError):
        return _saturating(getattr(math, name))
    function.argtypes, function.restype = (ctypes.c_float,), ctypes.c_float
    return function


def _saturating(function: Callable[[float], float]) -> Callable[[float], float]:
    def call(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.inf

    return call
