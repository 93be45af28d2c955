"""Whole files: the old one or the new one, whatever happens in between."""

import subprocess
import sys
from pathlib import Path

import pytest

import tfq
from tfq.errors import TfqError
from tfq.files import TEMPORARY, whole, write_whole

ROOT = Path(tfq.__file__).parent.parent
KILLED = """
import os, sys
from tfq.files import whole
with whole(sys.argv[1]) as path:
    path.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_and_makes_folders(tmp_path):
    write_whole(tmp_path / "a" / "b.bin", b"one")
    write_whole(tmp_path / "a" / "b.bin", b"two")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"two" and names(tmp_path / "a") == ["b.bin"]


def test_an_error_leaves_the_old_file_alone(tmp_path):
    write_whole(tmp_path / "b.bin", b"one")
    with pytest.raises(ZeroDivisionError), whole(tmp_path / "b.bin") as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError
    assert (tmp_path / "b.bin").read_bytes() == b"one" and names(tmp_path) == ["b.bin"]


def test_a_killed_process_leaves_the_old_file_alone(tmp_path):
    write_whole(tmp_path / "b.bin", b"one")
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "b.bin")], cwd=ROOT, timeout=60)
    assert done.returncode == -9
    assert (tmp_path / "b.bin").read_bytes() == b"one"
    assert [name[: len(TEMPORARY)] for name in names(tmp_path)] == [TEMPORARY, "b.bin"]


def test_what_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "b.bin", tmp_path / "folder"):
        with pytest.raises(TfqError, match=f"{path}: cannot be written"):
            write_whole(path, b"one")
    assert names(tmp_path) == ["file", "folder"]
