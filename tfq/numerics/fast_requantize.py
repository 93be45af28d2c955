"""From accumulators to stored integers, for the interpreter: what `profiles.requantize` says, in few passes.

`prepare` picks the form and proves that it applies; each is equal to the definition for every accumulator in reach
(tests compare them). Forms: `HalfEven` for xnnpack, `TwoRoundings` for litert and tflm, `Definition` for the rest.

Two roundings in float64. With t = acc + bias, multiplier m < 2**31, shift s, the definition is
h = floor(t * m * 2**(max(s, 0) - 31) + 1/2), then r = h * 2**min(s, 0), halves away from zero. For s >= -13 a product
|t * m| < 2**53 is exact, and so is every sum below; beyond it |r| >= 2**9, which the clamp takes to the same end.

    both signs     r = floor(h * 2**s * (1 + 2**-40) + 1/2): the factor moves ties, and nothing else, away from zero
    r >= 0 only    r = floor(t * m * 2**(s - 31) + 1/2 + d), d = 2**(s - 1) for s < 0: h * 2**s >= k - 1/2 is
                   t * m * 2**-31 + 1/2 >= (k - 1/2) * 2**-s, both sides divided by 2**-s. (Where the clamp's lower end
                   is the zero point or above, as behind a relu, negative r need not be told apart.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays, fixed_point
from tfq.numerics.profiles import requantize
from tfq.numerics.rescale import FLOAT32, Rescale, two_rounding_apply

# ufuncs copy an operand that they repeat in runs shorter than their buffer; constants come in runs of that length.
_RUN = 8192


@dataclass(frozen=True, eq=False)
class Definition:
    """`requantize` itself. bias: int64 [channels]. wraps: acc + bias can leave int32, and wraps as in the kernels."""

    scheme: Rescale
    constants: Any
    zero_point: Any
    bounds: tuple[Any, Any]
    bias: np.ndarray
    wraps: bool

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`."""
        acc = acc.astype(np.int64) + self.bias
        if self.wraps:
            acc = fixed_point.wrap32(arrays, acc)
        out[...] = requantize(arrays, self.scheme, acc, self.constants, self.zero_point, self.bounds)


@dataclass(frozen=True, eq=False)
class Tail:
    """The last passes: whole numbers + offset, clamped. narrow: integers that hold them before the clamp."""

    narrow: np.dtype
    offset: int
    lo: int
    hi: int

    def __call__(self, steps: np.ndarray, out: np.ndarray) -> None:
        """min(max(steps + offset, lo), hi) into `out`; steps: float, truncated."""
        values = steps.astype(self.narrow)
        values.clip(self.lo - self.offset, self.hi - self.offset, out=values)
        values += self.offset
        np.copyto(out, values, casting="unsafe")


@dataclass(frozen=True, eq=False)
class HalfEven:
    """rint(f32(acc + bias) * multiplier): xnnpack. bias, multiplier: float32 [repeats, channels]."""

    bias: np.ndarray
    multiplier: np.ndarray
    tail: Tail

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`; acc is overwritten."""
        acc = acc.astype(self.bias.dtype, copy=False)
        _by_channel(np.add, acc, self.bias)
        steps = acc.astype(np.float32, copy=False)
        _by_channel(np.multiply, steps, self.multiplier)
        np.rint(steps, out=steps)
        self.tail(steps, out)


@dataclass(frozen=True, eq=False)
class TwoRoundings:
    """The forms above. first, rounding: float64 [repeats, channels]; second likewise, None where r >= 0 only.

    rounding includes zero point - lo, so that what the clamp lets through is never negative and truncation is floor.
    """

    bias: np.ndarray
    first: np.ndarray
    second: np.ndarray | None
    rounding: np.ndarray
    tail: Tail

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`; acc is overwritten."""
        acc = acc.astype(self.bias.dtype, copy=False)
        _by_channel(np.add, acc, self.bias)
        steps = acc.astype(np.float64, copy=False)
        _by_channel(np.multiply, steps, self.first)
        if self.second is not None:
            np.add(steps, 0.5, out=steps)
            np.floor(steps, out=steps)
            _by_channel(np.multiply, steps, self.second)
        _by_channel(np.add, steps, self.rounding)
        self.tail(steps, out)


Requantize = Definition | HalfEven | TwoRoundings


def prepare(
    scheme: Rescale, constants: Any, zero_point: Any, bounds: tuple[Any, Any], bias: np.ndarray, bound: int
) -> Requantize:
    """The requantization of one layer: call it with (acc [rows, channels], out).

    Args: scheme, constants, zero_point, bounds: as for `requantize`. bias: int64 [channels], added first, where int32
    wraps. bound: no accumulator is larger in magnitude, the bias not counted.
    """
    bias = np.asarray(bias, np.int64)
    reach = bound + int(np.abs(bias).max(initial=0))
    plain = Definition(scheme, constants, zero_point, bounds, bias, wraps=reach >= 2**31)
    if scheme is FLOAT32:
        return _half_even(plain, reach) or plain
    if scheme.apply is two_rounding_apply:
        return _two_roundings(plain, reach) or plain
    return plain


def _half_even(plain: Definition, reach: int) -> HalfEven | None:
    multiplier = np.broadcast_to(np.asarray(plain.constants, np.float32), plain.bias.shape)
    zero_point, lo, hi = _integers(plain)
    narrow = _narrow(reach * float(multiplier.max(initial=0)))
    if narrow is None or plain.wraps:
        return None
    return HalfEven(_bias(plain, reach), _repeated(multiplier, np.float32), Tail(narrow, zero_point, lo, hi))


def _two_roundings(plain: Definition, reach: int) -> TwoRoundings | None:
    multiplier, shift = (np.broadcast_to(c, plain.bias.shape) for c in plain.constants)
    zero_point, lo, hi = _integers(plain)
    right, left = np.minimum(shift, 0), np.maximum(shift, 0)
    narrow = _narrow(reach * float(np.max(multiplier * 2.0 ** (shift - 31), initial=0)) + 512)
    if narrow is None or right.min(initial=0) < -13 or reach << int(left.max(initial=0)) >= 2**31:
        return None
    first, second, rounding = multiplier * 2.0 ** (left - 31), 2.0**right * (1 + 2.0**-40), np.full(shift.shape, 0.5)
    if lo >= zero_point:
        first, second, rounding = (
            multiplier * 2.0 ** (shift - 31),
            None,
            0.5 + np.where(shift < 0, 2.0 ** (shift - 1), 0),
        )
    return TwoRoundings(
        bias=_bias(plain, reach),
        first=_repeated(first, np.float64),
        second=None if second is None else _repeated(second, np.float64),
        rounding=_repeated(rounding + (zero_point - lo), np.float64),
        tail=Tail(narrow, lo, lo, hi),
    )


def _bias(plain: Definition, reach: int) -> np.ndarray:
    """In the narrowest type in which acc + bias is exact."""
    return _repeated(plain.bias, np.float32 if reach <= 2**24 else np.float64)


def _integers(plain: Definition) -> tuple[int, int, int]:
    return int(plain.zero_point), int(plain.bounds[0]), int(plain.bounds[1])


def _narrow(largest: float) -> np.dtype | None:
    """The narrowest integers that hold steps of this size, zero point and range included."""
    if largest + 512 < 2**15:
        return np.dtype(np.int16)
    return np.dtype(np.int32) if largest + 512 < 2**31 else None


def _repeated(values: np.ndarray, dtype: Any) -> np.ndarray:
    """[repeats, channels] of at least _RUN values."""
    return np.tile(np.asarray(values, dtype), (-(-_RUN // max(1, values.size)), 1))


def _by_channel(ufunc: np.ufunc, x: np.ndarray, constants: np.ndarray) -> None:
    """ufunc(x, constants by channel) in place, x: contiguous [rows, channels], in runs of whole `constants`."""
    repeats = len(constants)
    full = len(x) // repeats * repeats
    if full:
        runs = x[:full].reshape(-1, constants.size)
        ufunc(runs, constants.reshape(-1), out=runs)
    if full < len(x):
        rest = x[full:]
        ufunc(rest, constants[: len(rest)], out=rest)
