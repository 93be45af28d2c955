"""`tfq bench`: a table or JSON, and what it says of bad input."""

import json

import pytest

from tests.cli.calls import call, refused
from tests.parity.models import network


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(network())
    return path


@pytest.mark.parity
def test_the_table_and_the_json(model, capsys):
    code, out, _ = call(capsys, "bench", model, "--batch", 2, "--seconds", 0.1)
    assert code == 0 and "tfq (xnnpack)" in out and "FULLY_CONNECTED" in out
    code, out, _ = call(capsys, "bench", model, "--batch", 1, "--batch", 2, "--seconds", 0.1, "--json")
    assert code == 0 and [timing["batch"] for timing in json.loads(out)["tfq"]] == [1, 2]


def test_bad_input(model, tmp_path, capsys):
    refused(capsys, "no.tflite: cannot be opened", "bench", tmp_path / "no.tflite")
    refused(capsys, "litert, xnnpack, tflm, received 'arm'", "bench", model, "--numerics", "arm")
    assert call(capsys, "bench", model, "--batch", 0)[0] == 2
