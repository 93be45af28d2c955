"""`tfq parity`: exit codes, the files it writes, and what it says of bad input."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

import tfq
from tests.cli.calls import call, refused
from tests.parity.models import Fault, network, runtime
from tfq.interpreter import Interpreter
from tfq.parity import compare


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(network())
    return path


@pytest.fixture
def fakes(monkeypatch):
    """Stands in for the real runtimes: equal, but for those in the dict."""
    wrong = {}
    monkeypatch.setattr(compare, "available", lambda name: None)
    monkeypatch.setattr(compare, "real_runtime", lambda name: runtime(name, wrong.get(name, ())))
    return wrong


def test_equal_runtimes_leave_with_0(model, fakes, capsys):
    code, out, err = call(capsys, "parity", model, "--samples", 4)
    assert (code, err) == (0, "")
    assert out.startswith("model.tflite: 4 samples") and out.splitlines()[-1] == "parity holds"
    assert [line.split()[0] for line in out.splitlines()[2:5]] == ["litert", "xnnpack", "tflm"]


def test_a_difference_leaves_with_1_and_everything_is_written(model, fakes, capsys, tmp_path):
    fakes["xnnpack"] = [Fault("ADD")]
    folder = tmp_path / "rep"
    files = ["--junit", tmp_path / "p.xml", "--json", tmp_path / "p.json", "--reproducer", folder]
    code, out, err = call(capsys, "parity", model, "--runtime", "xnnpack", "--runtime", "litert", *files)
    assert (code, err) == (1, "")
    assert "first op that differs: 2 ADD 'sum'" in out and out.splitlines()[-1] == "parity fails"
    assert json.loads((tmp_path / "p.json").read_text())["first"] == {"xnnpack": 2, "litert": None}
    assert ElementTree.parse(tmp_path / "p.xml").getroot().find("testsuite").get("failures") == "1"
    assert [path.name for path in folder.iterdir()] == ["xnnpack-op2-add"]
    again = ["--data", folder / "xnnpack-op2-add" / "input.npz", "--runtime", "xnnpack"]
    assert call(capsys, "parity", folder / "xnnpack-op2-add" / "model.tflite", *again)[0] == 1


def test_data_from_a_file(model, fakes, capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 4, 4, 2), np.float32))
    code, out, _ = call(capsys, "parity", model, "--data", tmp_path / "x.npy")
    assert code == 0 and f"3 samples, {tmp_path / 'x.npy'}" in out.replace("\n", "")


def test_keras_beside_the_file(model, fakes, capsys, tmp_path, monkeypatch):
    """The Keras room is stood in for: its integers are the interpreter's, but for one of "sum"."""
    off = {"sum": 0}

    def integers(keras_model, x):
        stored = np.rint(x / np.float32(0.05) + 3).astype(np.int8)
        interpreter = Interpreter(network())
        names = [tensor.name for tensor in interpreter.model.main.tensors]
        found = {names[i]: array.astype(np.float32) for _, i, array in interpreter.trace([stored])}
        found["sum"][0, 0, 0, 0] += off["sum"]
        return found

    stand_in = SimpleNamespace(load=Path, integers=integers, floats=lambda model, x: {"y": np.ones((len(x), 3))})
    monkeypatch.setitem(sys.modules, "tfq.qat", stand_in)
    monkeypatch.setattr(tfq, "qat", stand_in, raising=False)
    code, out, _ = call(capsys, "parity", model, "--samples", 2, "--keras", tmp_path / "qat.keras")
    assert code == 0 and "Keras against xnnpack: 0 of" in out and " dB" in out
    off["sum"] = 1
    (tmp_path / "qat.keras").touch()
    code, out, _ = call(capsys, "parity", tmp_path, "--samples", 2)
    assert code == 1 and "the first layer that parts, 'sum'" in " ".join(out.split())


def test_bad_input_is_one_line_and_2(model, fakes, capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 4), np.float32))
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "cut.tflite").write_bytes(network()[:500])
    (tmp_path / "empty").mkdir()
    refused(capsys, "no/such.tflite: cannot be opened", "parity", "no/such.tflite")
    refused(capsys, "cut.tflite: ", "parity", tmp_path / "cut.tflite")
    refused(capsys, "expected one .tflite", "parity", tmp_path / "empty")
    refused(capsys, "expected shape (N, 4, 4, 2), received (3, 4)", "parity", model, "--data", tmp_path / "x.npy")
    refused(capsys, "not a .npy or .npz of plain arrays", "parity", model, "--data", tmp_path / "text.npy")
    refused(capsys, "received 'xnnpak'", "parity", model, "--runtime", "xnnpak")


def test_a_report_that_cannot_be_written_is_shown_all_the_same(model, fakes, capsys, tmp_path):
    code, out, err = call(capsys, "parity", model, "--samples", 1, "--json", tmp_path / "no" / "p.json")
    assert code == 2 and "parity holds" in out
    assert err == f"error: {tmp_path / 'no' / 'p.json'}: No such file or directory\n"
