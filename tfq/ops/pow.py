"""POW: y = a ** b. TFLite Micro has none, and XNNPACK takes none.

float32: taken in float64 and rounded once; LiteRT calls powf of the C library, which may differ in the last bit. int32:
in float64, cut towards zero; beyond the type the lowest int32. A negative int32 exponent is refused while running.

One exponent for all of a tensor of another shape, within 1e-5 of a whole number e from 1 on, multiplies instead:
y = a ** (e // 2), then y * y, then a * y where e is odd; each product rounded (int32: modulo 2**32), and float32
clamped to the finite range.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import binary
from tfq.ops.binary import direct, require_types
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

TYPES = {LITERT: ("INT32", "FLOAT32"), XNNPACK: ("INT32", "FLOAT32"), TFLM: ()}

SPEC = Spec(
    "POW",
    ("INT32", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/pow.cc, internal/optimized/optimized_ops.h BroadcastPow4D",
)

_WHOLE = np.float32(1e-5)
_LARGEST = float(np.finfo(np.float32).max)
# Products double the exponent at each step; beyond this a power is taken at once.
_MOST_EXPONENT = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Params:
    """power: a ** b. check: raises Unsupported for exponents that the runtime refuses."""

    power: binary.Params
    check: Callable[[np.ndarray], None]


def powers(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a ** b of either type."""
    with np.errstate(all="ignore"):
        result = np.power(a.astype(np.float64), b.astype(np.float64))
    if a.dtype.kind == "f":
        return _rounded(result)
    fits = np.abs(result) < 2.0**31
    return np.where(fits, np.where(fits, result, 0).astype(np.int64), -(2**31))


def _rounded(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return x.astype(np.float32)


def whole_exponent(b: np.ndarray) -> int:
    """The exponent that products are taken for, 0 where the function itself is."""
    nearest = float(np.round(b.reshape(-1)[0]))
    near = abs(np.float32(b.reshape(-1)[0]) - np.float32(nearest)) < _WHOLE
    return int(nearest) if near and 1 <= nearest <= _MOST_EXPONENT else 0


def products(a: np.ndarray, exponent: int) -> np.ndarray:
    """a ** exponent by squaring, each product in a's own arithmetic."""
    if exponent == 1:
        return a
    half = products(a, exponent // 2)
    with np.errstate(all="ignore"):
        result = _finite(half * half)
        return _finite(a * result) if exponent % 2 else result


def _finite(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -_LARGEST, _LARGEST) if x.dtype.kind == "f" else x


def by_products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a ** b for one exponent, by products where it is whole."""
    if exponent := whole_exponent(b):
        return products(np.broadcast_to(a, np.broadcast_shapes(a.shape, b.shape)), exponent)
    return powers(a, b)


def _one_exponent(node: Node) -> bool:
    a, b = given(node).shape, given(node, 1).shape
    return math.prod(b) == 1 and a != b


def stacks(node: Node) -> bool:
    """Samples may be stacked unless each has one exponent of its own."""
    return rows_apart(node) and (given(node, 1).data is not None or not _one_exponent(node))


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    type_ = require_types(node, profile, TYPES)

    def check(b: np.ndarray) -> None:
        if type_ == "INT32" and (b < 0).any():
            raise node.unsupported("an INT32 exponent is negative; the runtime stops there")

    return Params(direct(node, by_products if _one_exponent(node) else powers), check)


def evaluate(params: Params, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a, b: shapes that broadcast -> the powers. Raises Unsupported for exponents that the runtime refuses."""
    params.check(b)
    return binary.evaluate(params.power, a, b)
