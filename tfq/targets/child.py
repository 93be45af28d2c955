"""Asking a program in a process of its own: with a time limit, for it may crash, hang or take very long."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DIED = "it did not answer within its time limit"


@contextmanager
def with_file(data: bytes) -> Iterator[Path]:
    """A folder of its own with model.tflite in it; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tfq-check-") as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(data)
        yield path


def in_child(command: Sequence[str], seconds: float, folder: Path | None = None) -> tuple[int | None, str]:
    """(exit code, what it wrote to standard output and error); the code is None beyond the time limit."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, cwd=folder, check=False
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout.decode("utf-8", "replace")
