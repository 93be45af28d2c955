"""`tfq train`: what it hands on, exit codes, and what it says of bad input. The runs themselves: tests/train."""

import subprocess
import sys
from pathlib import Path

import pytest

import tfq.train
from tests.cli.calls import LOADED, call, refused
from tests.train.tiny import write_pipeline
from tfq.parity.difference import Difference
from tfq.train.evaluate import Row
from tfq.train.run_directory import RunDirectory
from tfq.train.table import Outcome


@pytest.fixture
def pipeline(tmp_path):
    return write_pipeline(tmp_path / "stripes")


def outcome(different):
    counts = Difference(compared=96, different=different, largest=min(different, 1))
    rows = Row("float", "Keras", 0.98), Row("QAT", "Keras", 0.975, "LiteRT", counts, counts)
    return Outcome(Path("runs/stripes"), rows, 32, "2,576 bytes", {"float": 3.0, "qat": 2.0})


@pytest.fixture
def asked(monkeypatch):
    """What the command hands on; it answers with an outcome in which so many integers differ."""
    seen = {"different": 0}

    def run_pipeline(*arguments, **options):
        seen.update(arguments=arguments, **options)
        options["watch"].line("float 1/2: loss 0.1")
        options["watch"].bar("float 2/2", 1, 4, "loss 0.1")
        return outcome(seen["different"])

    monkeypatch.setattr(tfq.train, "train", run_pipeline)
    return seen


def test_options_reach_the_run(pipeline, asked, capsys):
    options = ["--epochs-float", 1, "--epochs-qat", 0, "--batch-size", 8, "--seed", 3, "--numerics", "tflm", "--fresh"]
    code, out, err = call(capsys, "train", pipeline, "--run", "here", "--data", "mnist", *options)
    assert (code, err) == (0, "")
    assert asked["arguments"] == (pipeline, Path("here"))
    assert asked["train"] == {"epochs_float": 1, "epochs_qat": 0, "batch_size": 8, "seed": 3}
    assert (asked["data"], asked["numerics"], asked["fresh"]) == ("mnist", "tflm", True)


def test_a_log_file_gets_lines_and_the_table(pipeline, asked, capsys):
    code, out, _ = call(capsys, "train", pipeline)
    lines = out.splitlines()
    assert code == 0 and lines[0] == "float 1/2: loss 0.1" and lines[1].startswith("network  computed by")
    assert "97.50%" in lines[3] and "0 of 96" in lines[3] and lines[-1] == "no integer differs"
    assert "\x1b" not in out and "\r" not in out


def test_differing_integers_leave_with_1(pipeline, asked, capsys):
    asked["different"] = 2
    code, out, _ = call(capsys, "train", pipeline)
    assert code == 1 and "2 of 96" in out and out.splitlines()[-1] == "integers differ"


def test_bad_input_is_one_line_and_2(pipeline, capsys, tmp_path):
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    refused(capsys, "no/such: no such folder", "train", "no/such")
    refused(capsys, "full: has no model.py and no recipe.toml", "train", tmp_path / "full")
    refused(capsys, "holds 'thesis.tex' but no run", "train", pipeline, "--run", tmp_path / "full")
    refused(capsys, "epochs_float must be at least 1", "train", pipeline, "--epochs-float", 0, "--run", run.path)
    refused(capsys, "numerics must be one of", "train", pipeline, "--numerics", "fast", "--run", run.path)
    run.write_json("run.json", {})
    run.write_json("metrics.json", {})
    refused(capsys, "run: finished, metrics.json has its figures; --fresh", "train", pipeline, "--run", run.path)


def test_a_refusal_needs_no_keras(pipeline, tmp_path):
    """It comes at once."""
    run = RunDirectory(tmp_path / "run")
    run.write_json("run.json", {})
    run.write_json("metrics.json", {})
    code = LOADED.format(arguments=["train", str(pipeline), "--run", str(run.path)]).replace(
        "assert not leaving.code, leaving.code", "assert leaving.code == 2"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
