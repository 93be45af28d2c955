"""`tfq export`: a run, a float and a quantized .keras; exit codes, the files it writes, what it says of bad input."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.cli.calls import call, refused
from tests.parity.models import network
from tests.train.tiny import write_pipeline
from tfq.interpreter import Interpreter
from tfq.train import deploy
from tfq.train.pipeline import Pipeline
from tfq.train.run_directory import RunDirectory

pytestmark = pytest.mark.parity

X = np.random.default_rng(3).uniform(0, 1, (80, 8, 8, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with float.keras, quantized.keras, x.npz, and a run `stripes`; nothing in it is trained."""
    import tfq

    folder = tmp_path_factory.mktemp("export")
    model = Pipeline.load(write_pipeline(folder / "pipeline")).module().build_model()
    model.save(folder / "float.keras")
    quantized = tfq.calibrate(tfq.quantize(model), X)
    quantized.save(folder / "quantized.keras")
    np.savez(folder / "x.npz", x_train=X, y_train=np.zeros(80, int))
    run = RunDirectory(folder / "run")
    run.write_json("run.json", {"pipeline": "stripes"})
    run.write_test(X[:20], np.zeros(20, np.int32))
    quantized.save(run["qat.keras"])
    tfq.export(quantized, run["model.tflite"])
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_run(files, capsys, tmp_path):
    code, out, err = call(capsys, "export", files / "run")
    folder = tmp_path / "export" / "stripes"
    assert code == 0, err
    assert sorted(path.name for path in folder.iterdir()) == ["junit.xml", "model.tflite", "report.json", "report.txt"]
    assert (folder / "model.tflite").read_bytes() == (files / "run" / "model.tflite").read_bytes()
    assert out.startswith("export/stripes/model.tflite: ") and "int8 in and out" in out.splitlines()[0]
    assert out.splitlines()[-1] == "parity holds" and "model.tflite: 20 samples, test split of" in out
    report = json.loads((folder / "report.json").read_text())
    assert report["ok"] and report["samples"] == 20 and len(report["keras"]["layers"]) == 5
    assert (folder / "report.txt").read_text() in out
    suite = ElementTree.parse(folder / "junit.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("4", "0")


def test_a_float_model(files, capsys, tmp_path):
    recipe = write_pipeline(tmp_path / "p", recipe="[recipe]\nweights = 'per_tensor'\n") / "recipe.toml"
    given = [files / "float.keras", "--data", files / "x.npz", "-o", "m.tflite"]
    code, out, err = call(capsys, "export", *given)
    assert code == 0, err
    assert out.splitlines()[0].endswith(f"quantized after training, ranges from 80 samples of {files / 'x.npz'}")
    assert "m.tflite: 64 samples, the first of " in out
    per_channel = (tmp_path / "m.tflite").read_bytes()
    assert per_channel == (files / "run" / "model.tflite").read_bytes()
    assert call(capsys, "export", *given, "--recipe", recipe)[0] == 0
    assert (tmp_path / "m.tflite").read_bytes() != per_channel
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tflite", "p"]


@pytest.mark.parametrize("io", ["uint8", "int16", "float32"])
def test_other_types_at_the_edge(files, capsys, tmp_path, io):
    code, out, err = call(capsys, "export", files / "quantized.keras", "-o", "m.tflite", "--io", io)
    assert code == 0, out + err
    edge = Interpreter(tmp_path / "m.tflite")
    assert {info.dtype.name for info in (*edge.inputs, *edge.outputs)} == {io}
    assert f"{io} in and out" in out and out.splitlines()[-1] == "parity holds"


def test_16_bits_by_a_recipe(files, capsys, tmp_path):
    (tmp_path / "r.toml").write_text("[recipe]\nactivation_bits = 16\n")
    given = [files / "float.keras", "--data", files / "x.npz", "--recipe", tmp_path / "r.toml", "-o", "m.tflite"]
    code, out, err = call(capsys, "export", *given)
    assert code == 0, out + err
    assert "int16 in and out" in out and out.splitlines()[-1] == "parity holds"


def test_a_difference_leaves_with_1_and_the_file_is_there(files, capsys, tmp_path, monkeypatch):
    compare = deploy.parity

    def wrong(*arguments, **options):
        report = compare(*arguments, **options, runtimes=["xnnpack"])
        return replace(report, keras=replace(report.keras, missing=("lost",)))

    monkeypatch.setattr(deploy, "parity", wrong)
    code, out, _ = call(capsys, "export", files / "quantized.keras")
    assert code == 1 and out.splitlines()[-1] == "parity fails"
    assert (tmp_path / "export" / "quantized" / "model.tflite").is_file()


def test_bad_input_is_one_line_and_2(files, capsys, tmp_path):
    def bad(message, source, *options):
        refused(capsys, message, "export", files / source, *options)

    np.save(files / "flat.npy", X.reshape(80, -1))
    np.save(files / "codes.npy", (X * 255).astype(np.uint8))
    np.save(files / "nan.npy", np.full_like(X, np.nan))
    np.savez(files / "two.npz", a=X, b=X)
    (files / "text.keras").write_text("no archive")
    (files / "unfinished").mkdir(exist_ok=True)
    RunDirectory(files / "unfinished").write_json("run.json", {"pipeline": "p", "folder": "pipelines/p"})
    (files / "model.tflite").write_bytes(network())
    bad("none.keras: no such file or directory", "none.keras")
    bad("cannot be opened as a Keras model", "text.keras")
    bad("float.keras: is a float network; give samples", "float.keras")
    bad("unfinished: has no model.tflite, qat.keras, test.npz yet; finish it: tfq train pipelines/p", "unfinished")
    bad("not the directory of a run", "pipeline")
    bad("a run has its own data and recipe", "run", "--data", files / "x.npz")
    bad("is quantized already, by a recipe of its own", "quantized.keras", "--recipe", files / "pipeline/recipe.toml")
    bad("expected shape (N, 8, 8, 1), received (80, 64)", "float.keras", "--data", files / "flat.npy")
    bad("expected floats as the model takes them, received uint8", "float.keras", "--data", files / "codes.npy")
    bad("two.npz: expected arrays image, found a, b", "float.keras", "--data", files / "two.npz")
    bad("holds NaN", "float.keras", "--data", files / "nan.npy")
    bad("none.npz: cannot be read", "float.keras", "--data", files / "none.npz")
    bad("io must be one of", "quantized.keras", "--io", "int4")
    bad("is a directory; name the file", "quantized.keras", "-o", tmp_path)
    assert not list(tmp_path.iterdir())


def test_parity_of_a_run_takes_its_test_split_and_its_keras_model(files, capsys):
    code, out, err = call(capsys, "parity", files / "run")
    assert code == 0, err
    assert out.startswith("model.tflite: 20 samples") and "Keras against xnnpack: 0 of" in out
