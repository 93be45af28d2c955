"""A whole run of a tiny pipeline; killed anywhere, it ends with the same figures and the same bytes."""

import json
import os

import numpy as np
import pytest

from tests.train.tiny import MODEL, RECIPE, killed_at, write_pipeline
from tfq.errors import TfqError, Unsupported
from tfq.train import train
from tfq.train.run_directory import RunDirectory

pytestmark = pytest.mark.parity

FILES = {".lock", "checkpoint", "float.keras", "history.csv", "metrics.json", "model.py", "model.tflite", "table.txt"}
FILES |= {"ptq.keras", "qat.keras", "recipe.toml", "run.json", "test.npz"}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    return write_pipeline(tmp_path_factory.mktemp("pipelines") / "stripes")


@pytest.fixture(scope="module")
def finished(pipeline, tmp_path_factory):
    """(outcome, run) of a run that nothing interrupted."""
    run = RunDirectory(tmp_path_factory.mktemp("runs") / "stripes")
    return train(pipeline, run.path), run


class Killed(BaseException):
    """Stands in for the end of the process."""


def figures(run):
    """metrics.json without times."""
    return {name: value for name, value in run.read_json("metrics.json").items() if name != "seconds"}


def test_the_table(finished):
    outcome, run = finished
    assert outcome.ok and outcome.samples == 32
    lines = str(outcome).splitlines()
    assert [line.split()[0] for line in lines[1:10]] == ["float", "PTQ", "QAT", *["file"] * 6]
    assert "0 of 96" in lines[3] and lines[-1] == "no integer differs"
    assert max(map(len, lines[:-3])) <= 80 and max(map(len, lines)) <= 100
    by = {(row["network"], row["by"]): row for row in figures(run)["rows"]}
    assert (
        by["QAT", "Keras"]["logits"] == by["QAT", "Keras"]["outputs"] == {"compared": 96, "different": 0, "largest": 0}
    )
    same = [by["file", who]["accuracy"] for who in ("tfq (xnnpack)", "LiteRT (XNNPACK)")]
    assert same == [by["QAT", "Keras"]["accuracy"]] * 2


def test_what_a_run_keeps(finished):
    _, run = finished
    assert {path.name for path in run.path.iterdir()} == FILES
    assert not list(run["checkpoint"].iterdir())
    assert run["model.py"].read_text() == MODEL
    assert [(row["stage"], row["epoch"]) for row in run.history()] == [(s, e) for s in ("float", "qat") for e in "12"]
    about = run.read_json("run.json")
    assert (
        about["pipeline"] == "stripes" and about["versions"]["keras"] and about["made_of"]["[recipe] ema_decay"] == 0.9
    )


def test_a_finished_run_wants_fresh(finished, pipeline, monkeypatch):
    _, run = finished
    monkeypatch.setattr("tfq.train.training._prepare", lambda *_: pytest.fail("it went on"))
    with pytest.raises(TfqError, match="stripes: finished, metrics.json has its figures; --fresh trains it again"):
        train(pipeline, run.path)


def stopped(monkeypatch, limit):
    """Lets `limit` files be put into place, then ends the process, as it were."""
    replace, left = os.replace, [limit]

    def counted(source, target):
        if not left[0]:
            raise Killed
        left[0] -= 1
        replace(source, target)

    monkeypatch.setattr(os, "replace", counted)


@pytest.mark.slow
def test_killed_again_and_again_it_goes_on_to_the_same_end(finished, pipeline, tmp_path, monkeypatch):
    run, kills = RunDirectory(tmp_path / "run"), 0
    while not run.has("metrics.json"):
        with monkeypatch.context() as patch:
            stopped(patch, 1 + kills % 2)  # two by two, as an epoch writes history and model: else it would not get on
            try:
                train(pipeline, run.path)
            except Killed:
                kills += 1
    assert kills == 13
    assert figures(run) == figures(finished[1])
    assert run["model.tflite"].read_bytes() == finished[1]["model.tflite"].read_bytes()


# While a checkpoint of fine-tuning is saved; float.keras.
@pytest.mark.parametrize("write", [14, pytest.param(9, marks=pytest.mark.slow)])
def test_killed_for_real_it_goes_on_to_the_same_end(write, finished, pipeline, tmp_path):
    run = RunDirectory(tmp_path / "run")
    assert killed_at(write, "train", pipeline, "--run", run.path) == -9
    assert list(run.path.rglob(".tfq-*")) and not run.has("metrics.json")
    lines = []
    train(pipeline, run.path, watch=Listener(lines))
    assert {14: "qat: goes on after epoch 1 of 2", 9: "float: goes on after epoch 2 of 2"}[write] in lines
    assert figures(run) == figures(finished[1])
    assert run["model.tflite"].read_bytes() == finished[1]["model.tflite"].read_bytes()
    assert {path.name for path in run.path.iterdir()} == FILES


class Listener:
    """Keeps the lines."""

    def __init__(self, lines):
        self.lines = lines

    def line(self, text):
        self.lines.append(text)

    def bar(self, title, done, total, note=""):
        assert 0 <= done <= total

    def quiet(self):
        from contextlib import nullcontext

        return nullcontext()


def begun(pipeline, run, monkeypatch):
    """A run that ended after its first four files."""
    with monkeypatch.context() as patch:
        stopped(patch, 4)
        with pytest.raises(Killed):
            train(pipeline, run)


def test_other_settings_and_code_are_refused_until_fresh(tmp_path, monkeypatch):
    pipeline, run = write_pipeline(tmp_path / "p"), tmp_path / "run"
    begun(pipeline, run, monkeypatch)
    with pytest.raises(
        TfqError, match=r"not finished, and .* changed: \[train\] epochs_qat \(was 2, is 1\); undo that"
    ):
        train(pipeline, run, train={"epochs_qat": 1})
    write_pipeline(pipeline, MODEL + "\n# other\n", RECIPE.replace("0.9", "0.8"))
    with pytest.raises(TfqError, match=r"model.py \(its content\); \[recipe\] ema_decay \(was 0.9, is 0.8\)"):
        train(pipeline, run)
    assert json.loads((run / "run.json").read_text())["made_of"]["[recipe] ema_decay"] == 0.9
    with monkeypatch.context() as patch:
        stopped(patch, 4)
        with pytest.raises(Killed):
            train(pipeline, run, fresh=True)
    assert json.loads((run / "run.json").read_text())["made_of"]["[recipe] ema_decay"] == 0.8


def test_other_data_are_refused(tmp_path, monkeypatch):
    pipeline, run, path = write_pipeline(tmp_path / "p"), tmp_path / "run", tmp_path / "d.npz"
    arrays = {"x_train": np.ones((8, 8, 8, 1)), "y_train": np.arange(8) % 3, "x_test": np.ones((3, 8, 8, 1))}
    np.savez(path, **arrays, y_test=np.arange(3))
    with monkeypatch.context() as patch:
        stopped(patch, 4)
        with pytest.raises(Killed):
            train(pipeline, run, data=str(path))
    np.savez(path, **arrays, y_test=np.arange(3)[::-1])
    with pytest.raises(TfqError, match=r"changed: samples \(its content\)"):
        train(pipeline, run, data=str(path))


MODELS = {
    "two outputs": ("keras.Model(images, [x, x])", TfqError, r"expected a classifier, .* received inputs"),
    "no class axis": (
        "keras.Model(images, layers.Dense(1)(layers.Flatten()(images)))",
        TfqError,
        "expected a classifier",
    ),
    "unsupported": (
        "keras.Model(images, layers.Dense(3)(layers.Flatten()(layers.Masking(name='leak')(images))))",
        Unsupported,
        "layer 'leak'",
    ),
    "no model": ("3", TfqError, "expected a keras.Model, received int"),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_that_cannot_be_are_refused_before_anything_is_written(name, tmp_path):
    model, kind, message = MODELS[name]
    head, tail = MODEL.split("    return keras.Model", 1)
    code = f"{head}    return {model}\n" + tail.split("\n", 1)[1]
    with pytest.raises(kind, match=message):
        train(write_pipeline(tmp_path / "p", code), tmp_path / "run", fresh=True)
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_fresh_keeps_the_old_run_where_the_new_one_cannot_begin(finished, tmp_path):
    _, run = finished
    broken = write_pipeline(tmp_path / "p", MODEL.replace("layers.ReLU(", "layers.Masking("))
    with pytest.raises(Unsupported):
        train(broken, run.path, fresh=True)
    assert run.has("metrics.json") and run.has("qat.keras")


def test_a_loss_that_is_no_number_is_an_error(tmp_path):
    pipeline = write_pipeline(tmp_path / "p", MODEL.replace("return images +", "return np.inf * images +"))
    with pytest.raises(TfqError, match="float 1/2: the loss is nan; lower"):
        train(pipeline, tmp_path / "run")
