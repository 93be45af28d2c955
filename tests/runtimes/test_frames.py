"""Messages between parent and child come back as they were sent."""

import os
from io import FileIO

import numpy as np
import pytest

from tfq.runtimes.frames import receive, send

ARRAYS = {
    "int8": np.arange(-6, 6, dtype=np.int8).reshape(3, 4),
    "float32": np.array([np.inf, -0.0, np.nan], np.float32),
    "float16": np.ones((1, 2, 1), np.float16),
    "int64": np.array([-(2**63), 2**63 - 1]),
    "bool": np.array([True, False]),
    "complex64": np.array([1 + 2j], np.complex64),
    "scalar": np.array(7, np.int32),
    "empty": np.zeros((2, 0, 3), np.uint8),
    "strided": np.arange(12, dtype=np.int16).reshape(3, 4).T[::2],
}


@pytest.fixture
def pipe():
    read, write = os.pipe()
    with FileIO(read, "rb") as source, FileIO(write, "wb") as sink:
        yield source, sink


def test_every_dtype_and_layout_survives(pipe):
    source, sink = pipe
    send(sink, {"ask": "run", "batch": 3, "limit": 0.5}, list(ARRAYS.values()))
    fields, arrays = receive(source)
    assert fields == {"ask": "run", "batch": 3, "limit": 0.5}
    for (name, sent), got in zip(ARRAYS.items(), arrays, strict=True):
        assert (got.dtype, got.shape) == (sent.dtype, sent.shape), name
        assert got.tobytes() == sent.tobytes(), name


def test_messages_follow_one_another(pipe):
    source, sink = pipe
    for i in range(3):
        send(sink, {"i": i}, [np.array([i])] * i)
    assert [(fields["i"], len(arrays)) for fields, arrays in (receive(source) for _ in range(3))] == [
        (0, 0),
        (1, 1),
        (2, 2),
    ]


@pytest.mark.parametrize("cut", [0, 3, 8, 20, -1])
def test_a_message_cut_short_is_the_end(cut, tmp_path):
    path = tmp_path / "message"
    with FileIO(path, "wb") as sink:
        send(sink, {"ask": "run"}, [ARRAYS["int8"]])
    path.write_bytes(path.read_bytes()[:cut])
    with FileIO(path, "rb") as source, pytest.raises(EOFError):
        receive(source)
