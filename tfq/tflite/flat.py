"""Bounds-checked FlatBuffers: the generated schema accessors walk a hostile file through these tables.

A generated accessor asks its `_tab` for every byte it reads. `Table` answers like flatbuffers' own table, but refuses
offsets outside the file, and `File` counts what is walked: many references to one place cannot cost more than the file
is long.

Source: google/flatbuffers, docs/source/internals.md (layout), python/flatbuffers/table.py (the methods answered here).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfq.errors import TfqError

_U16 = struct.Struct("<H").unpack_from
_U32 = struct.Struct("<I").unpack_from
_I32 = struct.Struct("<i").unpack_from

MAX_TABLES = 80_000  # about 1.5 s of walking; 3000 quantized ops with their tensors and buffers take some 25,000
MAX_NUMBERS = 2**23  # indices, scales and option vectors together; as Python integers 0.3 GB
MAX_STRUCTURE = 2**31 - 1  # FlatBuffers' own limit; what lies behind it are buffers named by offset and size
DAMAGED = "the file is damaged or no .tflite; fetch or export it again"


def damaged(detail: str) -> TfqError:
    """The error for bytes that no writer of models produces."""
    return TfqError(f"{detail}: {DAMAGED}")


class File:
    """The bytes of one file, and how much of them may still be walked.

    data: read-only memoryview of bytes.
    """

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.end = min(len(data), MAX_STRUCTURE)
        # Writers may share equal vectors and strings, so allow each byte to be met four times.
        self.left = 4 * len(data) + 4096
        self.tables = MAX_TABLES
        self.numbers = MAX_NUMBERS

    def spend(self, size: int) -> None:
        """Counts `size` bytes as walked. Raises TfqError when the file is used up."""
        self.left -= size
        if self.left < 0:
            raise damaged(f"its vectors name more bytes than the file has ({len(self.data)})")

    def check(self, start: int, size: int, end: int | None = None) -> None:
        """Raises TfqError unless the `size` bytes from `start` lie in the file."""
        end = self.end if end is None else end
        if not 0 <= start <= end - size:
            raise damaged(f"{size} bytes at offset {start} lie outside the file ({len(self.data)} bytes)")

    def root(self) -> Table:
        """The table that the first four bytes point to."""
        self.check(0, 8)
        return Table(self, _U32(self.data, 0)[0])


class Table:
    """One checked table. Method and attribute names are those that generated accessors call."""

    __slots__ = ("Bytes", "Pos", "_fields", "_vtable", "file")

    def __init__(self, file: File, pos: int) -> None:
        file.tables -= 1
        if file.tables < 0:
            raise TfqError(f"the model has more than {MAX_TABLES} tensors, operators and other tables, tfq's limit")
        file.check(pos, 4)
        vtable = pos - _I32(file.data, pos)[0]
        file.check(vtable, 4)
        self._fields = _U16(file.data, vtable)[0]
        file.check(vtable, self._fields)
        self.Bytes, self.Pos, self.file, self._vtable = file.data, pos, file, vtable

    def Offset(self, slot: int) -> int:
        """Where the field of this vtable slot starts, from Pos; 0 if the file leaves it out."""
        return _U16(self.Bytes, self._vtable + slot)[0] if slot + 2 <= self._fields else 0

    def Get(self, flags: Any, start: int) -> Any:
        """The number at `start`, of the type that flatbuffers' `flags` describe."""
        self.file.check(start, flags.bytewidth)
        return flags.packer_type.unpack_from(self.Bytes, start)[0]

    def Indirect(self, start: int) -> int:
        """The place that the offset stored at `start` points to."""
        self.file.check(start, 4)
        place = start + _U32(self.Bytes, start)[0]
        self.file.check(place, 4)
        return place

    def String(self, start: int) -> bytes:
        place = self.Indirect(start)
        size = _U32(self.Bytes, place)[0]
        self.file.check(place + 4, size)
        self.file.spend(size)
        return bytes(self.Bytes[place + 4 : place + 4 + size])

    def Vector(self, field: int) -> int:
        """Where the elements of the vector start."""
        return self.Indirect(self.Pos + field) + 4

    def VectorLen(self, field: int) -> int:
        return _U32(self.Bytes, self.Indirect(self.Pos + field))[0]

    def GetVectorAsNumpy(self, flags: Any, field: int) -> np.ndarray:
        """The vector's elements as a read-only view."""
        start = self.Indirect(self.Pos + field) + 4
        count = _U32(self.Bytes, start - 4)[0]
        size = count * flags.bytewidth
        self.file.check(start, size)
        self.file.spend(size)
        if flags.bytewidth > 1:
            self.file.numbers -= count
        if self.file.numbers < 0:
            raise TfqError(f"the model has more than {MAX_NUMBERS} indices, scales and other numbers, tfq's limit")
        return np.frombuffer(self.Bytes, flags.packer_type.format, count, start)

    def Union(self, other: Any, field: int) -> None:
        other.Pos, other.Bytes = self.Indirect(self.Pos + field), self.Bytes


def guard(accessor: Any, file: File) -> Any:
    """The same generated accessor, reading through a checked table."""
    accessor._tab = Table(file, accessor._tab.Pos)
    return accessor


def children(parent: Any, field: str) -> Iterator[Any]:
    """Guarded accessors of the tables in a vector field (`field` as in the schema: "Tensors")."""
    file, element = parent._tab.file, getattr(parent, field)
    count = getattr(parent, field + "Length")()
    file.spend(4 * count)
    return (guard(element(i), file) for i in range(count))


def child(parent: Any, field: str) -> Any | None:
    """The guarded accessor of a table field, None if the file leaves it out."""
    found = getattr(parent, field)()
    return None if found is None else guard(found, parent._tab.file)


def numbers(parent: Any, field: str) -> np.ndarray | None:
    """A vector of numbers as a read-only view, None if the file leaves it out."""
    found = getattr(parent, field + "AsNumpy")()
    return found if isinstance(found, np.ndarray) else None


def text(raw: bytes | None, what: str) -> str:
    """A string field. Raises TfqError on bytes that are no UTF-8."""
    try:
        return (raw or b"").decode()
    except UnicodeDecodeError as error:
        raise damaged(f"{what} is not UTF-8 ({error.reason} at byte {error.start})") from None


def union(parent: Any, field: str, make: Any) -> Any | None:
    """The guarded accessor of a union field, `make()` being the accessor of the type it holds; None if left out."""
    found = getattr(parent, field)()
    if found is None:
        return None
    accessor = make()
    accessor._tab = Table(parent._tab.file, found.Pos)
    return accessor
