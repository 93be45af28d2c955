"""How far two tensors are apart, element by element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_SIGNED = {2: np.int16, 4: np.int32, 8: np.int64}


@dataclass(frozen=True)
class Element:
    """One differing element. sample: counted over the whole run. position: the rest of its coordinates."""

    sample: int
    position: tuple[int, ...]
    expected: float
    received: float

    def __str__(self) -> str:
        where = f"sample {self.sample} [{', '.join(map(str, self.position))}]"
        return f"{where}: tfq {self.expected:.9g}, received {self.received:.9g}"


@dataclass(frozen=True)
class Difference:
    """A comparison, summed over what was compared.

    largest: steps between neighbouring values, that is LSB for integers and ulp for floats; 0 where a shape or a type
    differs, which `note` then says. unit: "LSB" or "ulp". first: the first differing element.
    """

    compared: int = 0
    different: int = 0
    largest: float = 0
    unit: str = "LSB"
    first: Element | None = None
    note: str = ""

    def __add__(self, other: Difference) -> Difference:
        return Difference(
            compared=self.compared + other.compared,
            different=self.different + other.different,
            largest=max(self.largest, other.largest),
            unit=other.unit if other.largest > self.largest or not self.compared else self.unit,
            first=self.first or other.first,
            note=self.note or other.note,
        )


def difference(expected: np.ndarray, received: np.ndarray, sample: int = 0) -> Difference:
    """received against expected. Bits count: NaN equals NaN, but -0.0 is not 0.0.

    sample: number of the first sample in these arrays. Another shape or dtype makes every element differ.
    """
    expected, received = np.asarray(expected), np.asarray(received)
    unit = "ulp" if expected.dtype.kind == "f" else "LSB"
    if expected.shape != received.shape or expected.dtype != received.dtype:
        note = f"expected {expected.dtype} {expected.shape}, received {received.dtype} {received.shape}"
        return Difference(expected.size, max(expected.size, 1), 0, unit, None, note)
    apart = _apart(expected, received)
    count = int(np.count_nonzero(apart))
    if not count:
        return Difference(expected.size, 0, 0, unit)
    flat = int(np.flatnonzero(apart.reshape(-1))[0])
    place = tuple(int(c) for c in np.unravel_index(flat, expected.shape))
    values = _number(expected.reshape(-1)[flat]), _number(received.reshape(-1)[flat])
    first = Element(sample + (place[0] if place else 0), place[1:], *values)
    return Difference(expected.size, count, _largest(expected[apart], received[apart]), unit, first)


def _number(value: Any) -> float:
    return int(value) if value.dtype.kind in "iub" else float(abs(value) if value.dtype.kind == "c" else value)


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind != "f":
        return a != b
    bits = _SIGNED[a.dtype.itemsize]
    return (np.ascontiguousarray(a).view(bits) != np.ascontiguousarray(b).view(bits)) & ~(np.isnan(a) & np.isnan(b))


def _largest(a: np.ndarray, b: np.ndarray) -> float:
    """Largest distance in representable values; infinities and NaN count as far as their bits are."""
    if a.dtype.kind == "f":
        a, b = _ordered(a), _ordered(b)
    elif a.dtype.kind not in "iub":
        return 0
    elif a.dtype.itemsize < 8:
        return int(np.abs(a.astype(np.int64) - b.astype(np.int64)).max())
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())


def _ordered(x: np.ndarray) -> np.ndarray:
    """Floats as numbers that count representable values from 0 up."""
    bits = np.ascontiguousarray(x).view(_SIGNED[x.dtype.itemsize])
    lowest = float(np.iinfo(bits.dtype).min)
    whole = bits.astype(np.float64)
    return np.where(whole < 0, lowest - whole, whole)
