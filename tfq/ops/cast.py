"""CAST: numbers of one type as numbers of another; stored integers are taken as they are, scales not looked at.

Floats to integers: cut towards zero, beyond the type's range its nearest end, NaN its largest number (tflm: 0).
Integers to integers: modulo 2**bits. To bool: whether it is not 0. Of complex numbers the real part. To float16 by way
of float32; every other float result is the nearest, halves to even.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, require_output, taken_type, types_of

_NUMBERS = tuple(name for name in COPIED if name != "UINT64")
_TFLM_NUMBERS = ("INT8", "INT16", "INT32", "UINT32", "BOOL", "FLOAT32")
TYPES = {LITERT: (*_NUMBERS, "INT4"), XNNPACK: (*_NUMBERS, "INT4"), TFLM: _TFLM_NUMBERS}
OUTPUT_TYPES = {LITERT: _NUMBERS, XNNPACK: _NUMBERS, TFLM: _TFLM_NUMBERS}
SPEC = Spec(
    "CAST",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/cast.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/cast.cc",
)


def _largest(dtype: np.dtype) -> int:
    return int(np.iinfo(dtype).max)


def _zero(dtype: np.dtype) -> int:
    return 0


NOT_A_NUMBER = {LITERT: _largest, XNNPACK: _largest, TFLM: _zero}


@dataclass(frozen=True, eq=False)
class Params:
    """convert: values of one type -> of another."""

    convert: Callable[[np.ndarray], np.ndarray]


def saturated(x: np.ndarray, dtype: np.dtype, nan: int) -> np.ndarray:
    """Floats cut towards zero into an integer type's range; NaN as `nan`."""
    limits = np.iinfo(dtype)
    # float64 holds 2**63 and 2**64 but not the largest integers below them.
    wide = np.trunc(x.astype(np.float64))
    inside = (wide >= float(limits.min)) & (wide < float(limits.max) + 1 if limits.bits > 32 else wide <= limits.max)
    y = np.where(inside, wide, 0).astype(dtype)
    y[(wide > 0) & ~inside] = limits.max
    y[(wide < 0) & ~inside] = limits.min
    y[np.isnan(wide)] = nan
    return y


def _converted(dtype: np.dtype, nan: int, x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        if x.dtype.kind == "c" and dtype.kind != "c":
            x = x.real
        if x.dtype.kind == "f" and dtype.kind in "iu":
            return saturated(x, dtype, nan)
        if dtype == np.float16:
            x = x.astype(np.float32)
        if dtype.kind == "c" and x.dtype.kind != "c":
            x = x.astype(np.float32)
        return x.astype(dtype)


def prepare(node: Node, profile: Profile) -> Params:
    """The conversion. Raises Unsupported for types."""
    taken_type(node, profile, TYPES)
    y = require_output(node, 0, *OUTPUT_TYPES[profile])
    if given(node).type == "INT4" and y.type != "FLOAT32":
        raise node.unsupported(f"INT4 becomes FLOAT32 only, received {y.type}")
    nan = NOT_A_NUMBER[profile](y.dtype) if y.dtype.kind in "iu" else 0
    return Params(partial(_converted, y.dtype, nan))


def stacks(node: Node) -> bool:
    """Samples may be stacked: elements do not meet."""
    return given(node).data is None and len(given(node).shape) > 0


def evaluate(params: Params, x) -> np.ndarray:
    """x -> the same numbers in another type."""
    return params.convert(x)
