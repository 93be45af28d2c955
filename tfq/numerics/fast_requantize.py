"""From accumulators to stored integers, for the interpreter: what `profiles.requantize` says, in few passes.

`prepare` picks the form and proves that it applies; each is equal to the definition for every accumulator in reach
(tests compare them). Forms: `HalfEven` for xnnpack, `TwoRoundings` for litert and tflm, `HalfAway` for litert's dense
layers, `Floor` where halves go up, `Definition` for the rest.

Two roundings in float64. With t = acc + bias, multiplier m < 2**31, shift s, the definition is
h = floor(t * m * 2**(max(s, 0) - 31) + 1/2), then r = h * 2**min(s, 0), halves away from zero. While |t * m| < 2**53
the product is exact; for s >= -13 a larger one means |r| >= 2**9, which the clamp takes to the same end.

    both signs     r = floor(h * 2**s * (1 + 2**-34) + 1/2): the factor moves ties, and nothing else, away from zero
    r >= 0 only    r = floor(t * m * 2**(s - 31) + 1/2 + d), d = 2**(s - 1) for s < 0: h * 2**s >= k - 1/2 is
                   t * m * 2**-31 + 1/2 >= (k - 1/2) * 2**-s, both sides divided by 2**-s. It needs 9 bits above the
                   point and 31 - s below: s >= -13. Where the clamp's lower end is the zero point or above, as behind
                   a relu, negative r need not be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays, fixed_point
from tfq.numerics.rescale import Rescale, fifteen_bits_apply, float32_apply, float64_apply, two_rounding_apply

# trunc(v + copysign(this, v)) rounds halves away from zero for |v| < 2**52; 1/2 itself would take this number to 1.
_BELOW_HALF = np.nextafter(0.5, 0)
# ufuncs copy an operand that they repeat in runs shorter than their buffer; constants come in runs of that length.
_RUN = 8192


@dataclass(frozen=True, eq=False)
class Definition:
    """The scheme, zero point and clamp themselves. bias: int64 [channels].

    wraps: acc + bias can leave int32, and wraps as in the kernels. So does the sum with the zero point, and a float64
    that no int32 holds becomes int32's minimum, as x86 casts it. float32 (xnnpack) is clamped first.
    """

    scheme: Rescale
    constants: Any
    zero_point: Any
    clamp: tuple[Any, Any]
    bias: np.ndarray
    wraps: bool

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`."""
        acc = acc.astype(np.int64) + self.bias
        if self.wraps:
            acc = fixed_point.wrap32(arrays, acc)
        steps = self.scheme.apply(arrays, acc, self.constants)
        if steps.dtype == np.float64:
            steps = np.where(np.abs(steps) < 2.0**31, steps, -(2.0**31)).astype(np.int64)
        zero_point, lo, hi = _integers(self)
        if steps.dtype == np.int64:
            out[...] = np.clip(fixed_point.wrap32(arrays, steps + zero_point), lo, hi)
        else:
            out[...] = np.clip(steps, lo - zero_point, hi - zero_point) + zero_point


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
    bias: None where rounding includes it too, as bias * first.
    """

    bias: np.ndarray | None
    first: np.ndarray
    second: np.ndarray | None
    rounding: np.ndarray
    tail: Tail

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`; acc is overwritten."""
        if self.bias is not None:
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


@dataclass(frozen=True, eq=False)
class Floor:
    """floor((acc + bias) * first + 1/2) in one go, all of it exact: fifteen bits. float64 [repeats, channels].

    rounding includes zero point - lo, as in TwoRoundings.
    """

    bias: np.ndarray
    first: np.ndarray
    rounding: float
    tail: Tail

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`; acc is overwritten."""
        steps = acc.astype(np.float64, copy=False)
        _by_channel(np.add, steps, self.bias)
        _by_channel(np.multiply, steps, self.first)
        np.add(steps, self.rounding, out=steps)
        self.tail(steps, out)


@dataclass(frozen=True, eq=False)
class HalfAway:
    """Halves away from zero of f64(acc + bias) * real: litert's FULLY_CONNECTED. real: float64 [repeats, channels]."""

    bias: np.ndarray
    real: np.ndarray
    tail: Tail

    def __call__(self, acc: np.ndarray, out: np.ndarray) -> None:
        """Stored integers of acc [rows, channels] into `out`; acc is overwritten."""
        acc = acc.astype(self.bias.dtype, copy=False)
        _by_channel(np.add, acc, self.bias)
        values = acc.astype(np.float64, copy=False)
        _by_channel(np.multiply, values, self.real)
        values += np.copysign(_BELOW_HALF, values)
        self.tail(values, out)


Requantize = Definition | Floor | HalfEven | HalfAway | TwoRoundings


def prepare(
    scheme: Rescale,
    constants: Any,
    zero_point: Any,
    clamp: tuple[Any, Any],
    bias: np.ndarray,
    bounds: np.ndarray,
    bits: int = 32,
) -> Requantize:
    """The requantization of one layer: call it with (acc [rows, channels], out).

    Args: scheme, constants, zero_point, clamp: as for `profiles.requantize`. bias: int64 [channels], added first, where
    int32 wraps (bits 32) or int64 (bits 64). bounds: int64 [channels], no accumulator is larger in magnitude, the bias
    not counted.
    """
    bias = np.asarray(bias, np.int64)
    reach = bounds + np.abs(bias.astype(np.float64))
    plain = Definition(scheme, constants, zero_point, clamp, bias, wraps=bits == 32 and bool(np.any(reach >= 2**31)))
    if np.any(reach >= 2**53):
        return plain
    if scheme.apply is float32_apply:
        return _one_rounding(HalfEven, np.float32, plain, reach) or plain
    if scheme.apply is float64_apply:
        return _one_rounding(HalfAway, np.float64, plain, reach) or plain
    if scheme.apply is two_rounding_apply:
        return _two_roundings(plain, bounds, reach) or plain
    if scheme.apply is fifteen_bits_apply:
        return _floor(plain, reach) or plain
    return plain


def _floor(plain: Definition, reach: np.ndarray) -> Floor | None:
    multiplier, shift = plain.constants
    reduced = np.where(multiplier < 0x7FFF0000, (multiplier + 2**15) >> 16, 0x7FFF)
    first = np.broadcast_to(reduced * 2.0 ** (shift - 15), reach.shape)
    zero_point, lo, hi = _integers(plain)
    narrow = _narrow(reach * first, lo, hi)
    if narrow is None or np.any(reach * reduced >= 2**52):
        return None
    return Floor(_repeated(plain.bias), _repeated(first), 0.5 + zero_point - lo, Tail(narrow, lo, lo, hi))


def _one_rounding(form: type, dtype: Any, plain: Definition, reach: np.ndarray) -> Any:
    multiplier = np.broadcast_to(np.asarray(plain.constants, dtype), plain.bias.shape)
    zero_point, lo, hi = _integers(plain)
    narrow = _narrow(reach * multiplier, lo, hi)
    if narrow is None or plain.wraps:
        return None
    return form(_bias(plain.bias, reach), _repeated(multiplier, dtype), Tail(narrow, zero_point, lo, hi))


def _two_roundings(plain: Definition, bounds: np.ndarray, reach: np.ndarray) -> TwoRoundings | None:
    left = np.maximum(plain.constants[1], 0)
    if plain.wraps or np.any(reach * 2.0**left >= 2**31):
        return None
    # A channel that gives one integer at both ends of its range gives it everywhere. The converter writes such channels
    # with tiny multipliers and huge biases for filters that batch norm has switched off.
    ends = np.empty((2, bounds.size), np.int64)
    plain(np.stack([-bounds, bounds]), ends)
    settled = ends[0] == ends[1]
    bias, reach, multiplier, shift = (np.where(settled, 0, v) for v in (plain.bias, reach, *plain.constants))
    zero_point, lo, hi = _integers(plain)
    deep = shift < -13
    narrow = _narrow(reach * multiplier * 2.0 ** (shift - 31), lo, hi)
    # 16-bit outputs: the clamp is too far away to catch what is not exact.
    wide = max(hi - zero_point, zero_point - lo) > 255
    if narrow is None or np.any((deep | wide) & (reach >= 2**22)):
        return None
    tail, rounding = Tail(narrow, lo, lo, hi), 0.5 + np.where(settled, ends[0], zero_point) - lo
    if lo < zero_point or wide or np.any(deep):
        first, second = multiplier * 2.0 ** (np.maximum(shift, 0) - 31), 2.0 ** np.minimum(shift, 0) * (1 + 2.0**-34)
        return TwoRoundings(_bias(bias, reach), _repeated(first), _repeated(second), _repeated(rounding), tail)
    first = multiplier * 2.0 ** (shift - 31)
    rounding += np.where(shift < 0, 2.0 ** (shift - 1.0), 0)
    if np.any(reach > 2**21):
        return TwoRoundings(_bias(bias, reach), _repeated(first), None, _repeated(rounding), tail)
    # Here acc * first + (bias * first + rounding) is exact: no part of it needs more than 53 bits.
    return TwoRoundings(None, _repeated(first), None, _repeated(rounding + bias * first), tail)


def _bias(bias: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """In the narrowest type in which acc + bias is exact."""
    return _repeated(bias, np.float32 if reach.max(initial=0) <= 2**24 else np.float64)


def _integers(plain: Definition) -> tuple[int, int, int]:
    return int(plain.zero_point), int(plain.clamp[0]), int(plain.clamp[1])


def _narrow(steps: np.ndarray, lo: int, hi: int) -> np.dtype | None:
    """The narrowest integers that hold steps of this size, zero point and range included."""
    largest = float(steps.max(initial=0)) + abs(lo) + abs(hi) + 1024
    if largest < 2**15:
        return np.dtype(np.int16)
    return np.dtype(np.int32) if largest < 2**31 else None


def _repeated(values: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
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
