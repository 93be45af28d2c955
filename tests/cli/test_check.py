"""`tfq check`: tables and JSON, exit codes, one line for bad input; targets that answer here."""

import json

import keras
import pytest

import tfq
from tests.cli.calls import call, refused
from tfq.targets import ethos_u

L = keras.layers


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with plain.keras, table.keras (an activation by table), refused.keras, quantized.keras, recipe.toml."""
    folder = tmp_path_factory.mktemp("check")
    image = keras.Input((8, 8, 2), name="image")
    y = L.ReLU(name="relu")(L.BatchNormalization(name="norm")(L.Conv2D(4, 3, name="conv")(image)))
    plain = keras.Model(image, L.Dense(3, name="dense")(L.Flatten(name="flat")(y)))
    plain.save(folder / "plain.keras")
    keras.Model(image, L.Activation("gelu", name="gelu")(L.Conv2D(4, 3)(image))).save(folder / "table.keras")
    sequence = keras.Input((8, 4), name="sequence")
    y = L.Conv1D(3, 2, data_format="channels_first", name="first")(L.Dense(4, name="dense")(sequence))
    keras.Model(sequence, L.MaxPooling1D(2, data_format="channels_first", name="pool")(y)).save(
        folder / "refused.keras"
    )
    tfq.quantize(plain).save(folder / "quantized.keras")
    (folder / "recipe.toml").write_text("[recipe]\nactivation_bits = 16\n")
    return folder


def test_the_table(files, capsys):
    code, out, err = call(capsys, "check", files / "plain.keras")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("plain.keras: W8A8, the integers of xnnpack; constants ")
    assert lines[1].split() == ["layer", "is", "ops", "bits", "scale", "becomes"]
    rows = {line.split()[0]: line for line in lines[2:8]}
    assert list(rows) == ["image", "conv", "norm", "relu", "flat", "dense"]
    assert "CONV_2D +RELU" in rows["conv"] and "takes in norm, relu" in rows["conv"]
    assert rows["norm"].endswith("folded into conv") and "as conv" in rows["flat"]
    assert any(line.startswith("FULLY_CONNECTED") and "three roundings" in line for line in lines)
    assert lines[-1] == "every layer has an integer form"


def test_json(files, capsys):
    code, out, _ = call(capsys, "check", files / "plain.keras", "--recipe", files / "recipe.toml", "--json")
    found = json.loads(out)
    assert code == 0 and found["ok"] and found["recipe"]["activation_bits"] == 16
    conv = next(layer for layer in found["layers"] if layer["name"] == "conv")
    assert (conv["ops"], conv["activation_bits"], conv["weight_bits"]) == (["CONV_2D +RELU"], 16, 8)
    assert conv["takes_in"] == ["norm", "relu"] and conv["shares"] == ["flat"]
    assert found["runtimes"][0]["layers"] == ["dense"] and found["verdict"] is None


def test_refused_layers_leave_with_1(files, capsys):
    code, out, _ = call(capsys, "check", files / "refused.keras", "--target", "tflm")
    assert code == 1 and "2 refused" in out
    assert out.count("! layer") == 2 and out.count("channels_first") == 2 and "FULLY_CONNECTED" in out
    assert out.splitlines()[-1] == "not every layer has an int8 form; tflm is asked once nothing is refused"
    code, out, _ = call(capsys, "check", files / "refused.keras", "--json")
    assert code == 1 and [line.split("'")[1] for line in json.loads(out)["refused"]] == ["first", "pool"]


TARGETS = {
    "tflm": (0, 0, "python_ops_resolver.cc"),
    "edgetpu": (0, 1, "coral.ai"),
    "ethos-u": (0, 1, "SUPPORTED_OPS.md"),
}


@pytest.mark.parametrize(("target", "expected"), TARGETS.items(), ids=TARGETS)
def test_targets(files, capsys, monkeypatch, target, expected):
    monkeypatch.setattr(ethos_u, "vela", lambda: None)
    for name, wanted in zip(("plain", "table"), expected, strict=False):
        code, out, _ = call(capsys, "check", files / f"{name}.keras", "--target", target)
        assert code == wanted, out
        assert f"{target}: " in out and expected[2] in out
        assert out.splitlines()[-1] == f"{target} {'takes' if wanted == 0 else 'does not take'} all of it"
    if wanted:
        assert "GATHER of gelu" in out


@pytest.mark.parity
def test_litert_is_asked_itself(files, capsys):
    code, out, _ = call(capsys, "check", files / "table.keras", "--target", "litert", "--json")
    verdict = json.loads(out)["verdict"]
    assert code == 0 and verdict["source"].endswith("XNNPACK takes 1 of 4 ops")
    assert [(found["code"], found["layer"]) for found in verdict["remarks"]] == [
        ("CAST", "gelu"),
        ("ADD", "gelu"),
        ("GATHER", "gelu"),
    ]


@pytest.mark.parity
@pytest.mark.skipif(ethos_u.vela() is None, reason="Vela is not installed")
def test_vela_is_asked_itself(files, capsys):
    code, out, _ = call(capsys, "check", files / "table.keras", "--target", "ethos-u", "--json")
    verdict = json.loads(out)["verdict"]
    assert code == 1 and verdict["source"].startswith("Vela ")
    assert {found["code"] for found in verdict["refused"]} == {"CAST", "GATHER"}
    assert call(capsys, "check", files / "plain.keras", "--target", "ethos-u")[0] == 0


def test_bad_input_is_one_line_and_2(files, capsys):
    (files / "text.keras").write_text("no archive")
    refused(capsys, "expected one of litert, tflm, ethos-u, edgetpu", "check", files / "plain.keras", "--target", "gpu")
    refused(capsys, "none.keras: no such file", "check", files / "none.keras")
    refused(capsys, "cannot be opened as a Keras model", "check", files / "text.keras")
    refused(capsys, "is quantized already", "check", files / "quantized.keras")
    refused(capsys, "none.toml: cannot be read", "check", files / "plain.keras", "--recipe", files / "none.toml")
