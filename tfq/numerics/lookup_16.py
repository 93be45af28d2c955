"""16-bit tables of LiteRT's unary ops: 513 samples of a function, and straight lines between them.

    lookup: i = 256 + (q >> 7), o = q & 127;  y = t[i] + ((t[i + 1] - t[i]) * o + 64 >> 7)

A sample is shifted by half the error that the line would make midway to the next. Every step is rounded to the float
type that the kernel computes in. The output's zero point is not added.

Source: google-ai-edge/LiteRT tflite/kernels/internal/common.h LUTPopulateInt16, LUTLookup.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import round_half_away

INT16_MIN, INT16_MAX = -(2**15), 2**15 - 1
_STEPS = 512


def samples(function: Callable[[np.ndarray], np.ndarray], inp: Affine, out: Affine, dtype=np.float32) -> np.ndarray:
    """int16 [513] of a real function, computed in `dtype` throughout. The scales may be of any float type."""
    lowest, highest = _ends(inp, dtype)
    out_lowest, out_highest = _ends(out, dtype)
    step = (highest - lowest) / dtype(_STEPS)
    per_unit = dtype(2**16) / (out_highest - out_lowest)
    i = np.arange(_STEPS, dtype=dtype)
    at = lowest + i * step
    with np.errstate(over="ignore", invalid="ignore"):
        here = function(at) * per_unit
        midway = round_half_away(arrays, function(at + step / dtype(2)) * per_unit)
        following = function(lowest + (i + dtype(1)) * step) * per_unit
        last = round_half_away(arrays, function(np.asarray([highest])) * per_unit)
        here = round_half_away(arrays, here)
        line = round_half_away(arrays, (following + here) / dtype(2))
        here = here - round_half_away(arrays, (line - midway) / dtype(2))
    return np.clip(np.concatenate([here, last]), INT16_MIN, INT16_MAX).astype(np.int16)


def look_up(xp, table: np.ndarray, q):
    """Outputs of whole numbers q in int16's range, int32; table: int16 [513]."""
    q = xp.cast(q, "int32")
    place = xp.right_shift(q, xp.asarray(7, "int32")) + 256
    points = xp.asarray(table, "int32")
    base = xp.take(points, place)
    slope = _wrap16(xp, xp.take(points, place + 1) - base)
    line = xp.right_shift(slope * xp.bitwise_and(q, 127) + 64, xp.asarray(7, "int32"))
    return _wrap16(xp, base + line)


def _wrap16(xp, x):
    return xp.bitwise_and(x + 2**15, 2**16 - 1) - 2**15


def codes() -> np.ndarray:
    """All int16 codes, lowest first: int32 [65536]."""
    return np.arange(INT16_MIN, INT16_MAX + 1, dtype=np.int32)


def _ends(grid: Affine, dtype) -> tuple:
    """The reals that the lowest and the highest code stand for."""
    scale, zero_point = dtype(grid.scale), int(grid.zero_point)
    return scale * dtype(INT16_MIN - zero_point), scale * dtype(INT16_MAX - zero_point)
