"""Files that appear whole or not at all, whenever the process is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfq.errors import TfqError

TEMPORARY = ".tfq-"  # how a file begins that is not whole yet


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when the block ends without an error; makes its folder.

    Raises: TfqError: the file cannot be written.
    """
    target = Path(path).absolute()
    temporary = target.with_name(f"{TEMPORARY}{os.getpid()}-{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise TfqError(f"{os.fspath(path)}: cannot be written ({error.strerror or error})") from error


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file so that a killed process leaves the old one or the new one, never a half. Raises TfqError."""
    with whole(path) as temporary:
        temporary.write_bytes(data)
