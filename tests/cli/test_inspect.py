"""`tfq inspect`: the table, the JSON, and what it says of bad input."""

import json
import subprocess
import sys

import pytest

from tests.cli.calls import LOADED, call, refused
from tests.parity.models import network


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(network())
    return path


def test_the_table(model, capsys):
    code, out, err = call(capsys, "inspect", model)
    assert (code, err) == (0, "")
    assert out.startswith("model.tflite: ") and "DEPTHWISE_CONV_2D +RELU" in out
    assert max(map(len, out.splitlines())) <= 100


def test_json(model, capsys):
    code, out, _ = call(capsys, "inspect", model, "--json")
    assert code == 0 and json.loads(out)["macs"] == 1920


def test_bad_input_is_one_line_and_2(capsys, tmp_path):
    (tmp_path / "cut.tflite").write_bytes(network()[:300])
    (tmp_path / "text.tflite").write_text("no model at all")
    refused(capsys, "no/such.tflite: cannot be opened", "inspect", "no/such.tflite")
    refused(capsys, "not a regular file", "inspect", tmp_path)
    refused(capsys, "cut.tflite: ", "inspect", tmp_path / "cut.tflite")
    refused(capsys, "text.tflite: ", "inspect", tmp_path / "text.tflite")


def test_it_loads_neither_tensorflow_nor_keras(model):
    code = LOADED.format(arguments=["inspect", str(model)])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
