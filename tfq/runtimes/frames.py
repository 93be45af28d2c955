"""Messages between a process and its child: a JSON header and raw arrays over a pipe; nothing is ever unpickled.

Layout: header length (8 bytes, little-endian), header (UTF-8 JSON), then each array's bytes in C order. The header
holds the message's own fields and, under "arrays", the dtype and shape of each array.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from io import FileIO
from typing import Any

import numpy as np

LENGTH = struct.Struct("<Q")


def send(pipe: FileIO, fields: dict[str, Any], arrays: Sequence[np.ndarray] = ()) -> None:
    """Writes one message to an unbuffered pipe.

    Raises: OSError where the other side is gone.
    """
    arrays = [np.asarray(a, order="C") for a in arrays]
    layout = [{"dtype": a.dtype.str, "shape": list(a.shape)} for a in arrays]
    header = json.dumps({**fields, "arrays": layout}).encode()
    _write(pipe, LENGTH.pack(len(header)) + header)
    for array in arrays:
        _write(pipe, array.reshape(-1).view(np.uint8).data)


def receive(pipe: FileIO) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The next message's fields and arrays.

    Raises: EOFError where the other side is gone.
    """
    (length,) = LENGTH.unpack(_read(pipe, bytearray(LENGTH.size)))
    fields = json.loads(bytes(_read(pipe, bytearray(length))))
    arrays = []
    for layout in fields.pop("arrays"):
        array = np.empty(layout["shape"], np.dtype(layout["dtype"]))
        _read(pipe, array.reshape(-1).view(np.uint8).data)
        arrays.append(array)
    return fields, arrays


def _write(pipe: FileIO, data: bytes | memoryview) -> None:
    # A raw pipe may take less than it is given.
    view = memoryview(data)
    while view.nbytes:
        view = view[pipe.write(view) :]


def _read(pipe: FileIO, buffer: bytearray | memoryview) -> bytearray | memoryview:
    view = memoryview(buffer)
    while view.nbytes:
        count = pipe.readinto(view)
        if not count:
            raise EOFError("the pipe was closed")
        view = view[count:]
    return buffer
