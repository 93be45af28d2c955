"""From a `.tflite` to a `Model`. Hostile input stops here."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np

from tfq.errors import TfqError
from tfq.tflite.model import Model

IN_MEMORY = 2**28  # longer files are mapped, so that opening a file of gigabytes costs no memory


def read(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Model:
    """The model in a `.tflite` file or its bytes.

    Constants are read-only views of the file's bytes (int4, uint4 and int2 are unpacked copies). The first call imports
    the official schema (0.4 s).

    Raises:
        TfqError: the file cannot be opened, is damaged, or contradicts itself; the message names the place.
        Unsupported: a newer op code, sparse weights, custom or multi-axis quantization.
    """
    from tfq.tflite.walk import walk

    if isinstance(source, (str, os.PathLike)):
        place = os.fspath(source)
        data = _load(place)
    else:
        data = memoryview(source if isinstance(source, bytes) else memoryview(source).tobytes())
        place = f"model ({len(data)} bytes)"
    try:
        return walk(data)
    except TfqError as error:
        raise type(error)(f"{place}: {error}") from None


def _load(path: str) -> memoryview:
    """The file's bytes. Only regular files: a pipe or a device may never end."""
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            raise TfqError(f"{path}: not a regular file; give the path of a .tflite")
        if info.st_size > IN_MEMORY:
            return np.memmap(path, np.uint8, "r").data
        return memoryview(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise TfqError(f"{path}: cannot be opened ({getattr(error, 'strerror', None) or error})") from None
