"""The run directory: one writer at a time, nothing of others touched, the last whole epoch found."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tfq
from tfq.errors import TfqError
from tfq.train.run_directory import MADE, RunDirectory, is_run, resolve

ROOT = Path(tfq.__file__).parent.parent
HOLDER = """
import sys
from pathlib import Path
from tfq.train.run_directory import RunDirectory
with RunDirectory(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path):
    """A process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout.readline() == b"held\n"
    return process


def test_one_process_at_a_time_and_a_dead_one_holds_nothing(tmp_path):
    run = RunDirectory(tmp_path / "run")
    process = holder(run.path)
    with pytest.raises(TfqError, match=f"run: process {process.pid} is at work in it"), run.locked():
        pass
    process.kill()
    process.communicate()
    with run.locked():
        assert run[".lock"].read_text() == f"{os.getpid()}\n"
    with run.locked():
        pass


def test_a_directory_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(TfqError, match="holds 'thesis.tex' but no run"), RunDirectory(tmp_path).locked():
        pass
    with pytest.raises(TfqError, match="not a directory"), RunDirectory(tmp_path / "thesis.tex").locked():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    run = RunDirectory(tmp_path)
    run.write_json("run.json", {})
    run["checkpoint"].mkdir()
    for name in (".tfq-1-run.json", "checkpoint/.tfq-1-float-0001.keras"):
        run[name].write_text("half")
    with run.locked():
        assert sorted(path.name for path in tmp_path.rglob("*")) == [".lock", "checkpoint", "run.json"]


def test_remove_takes_the_runs_own_files_only(tmp_path):
    run = RunDirectory(tmp_path)
    for name in MADE:
        run[name].mkdir() if name == "checkpoint" else run[name].write_text("")
    run["notes.txt"].write_text("mine")
    run.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_latest_checkpoint(tmp_path):
    run = RunDirectory(tmp_path)
    assert run.checkpoint("qat") == (0, None)
    run["checkpoint"].mkdir()
    for name in ("float-0012.keras", "qat-0009.keras", "qat-10000.keras", "qat-x.keras", ".tfq-1-qat-99999.keras"):
        run[f"checkpoint/{name}"].write_text("")
    assert run.checkpoint("qat") == (10000, run["checkpoint/qat-10000.keras"])
    assert run.checkpoint("float")[0] == 12


def test_history_forgets_what_is_trained_again(tmp_path):
    run = RunDirectory(tmp_path)
    rows = [("float", 1, 0.5), ("float", 2, 0.25), ("qat", 1, 0.125), ("qat", 2, 0.5), ("qat", 2, 0.0625)]
    for stage, epoch, seconds in rows:
        run.add_epoch({"stage": stage, "epoch": epoch, "seconds": seconds})
    assert [(row["stage"], int(row["epoch"]), float(row["seconds"])) for row in run.history()] == rows[:3] + rows[4:]
    assert run.seconds("qat") == 0.1875 and run.seconds("float") == 0.75


def test_the_test_split_is_kept(tmp_path):
    run = RunDirectory(tmp_path)
    x, y = np.random.default_rng(0).uniform(size=(3, 2, 2, 1)).astype(np.float32), np.array([2, 0, 1], np.int32)
    run.write_test(x, y)
    found = run.read_test()
    assert np.array_equal(found[0], x) and np.array_equal(found[1], y) and found[0].dtype == np.float32


def test_resolve_says_what_is_missing(tmp_path):
    run = RunDirectory(tmp_path / "run")
    with pytest.raises(TfqError, match="not the directory of a run"):
        resolve(run.path)
    assert not is_run(run.path)
    run.write_json("run.json", {"pipeline": "stripes", "folder": "pipelines/stripes"})
    assert is_run(run.path)
    with pytest.raises(
        TfqError, match="has no model.tflite, qat.keras, test.npz yet; finish it: tfq train pipelines/s"
    ):
        resolve(run.path)
    for name in ("model.tflite", "qat.keras", "test.npz"):
        run[name].write_text("")
    files = resolve(run.path)
    assert (files.name, files.tflite, files.keras) == ("stripes", run["model.tflite"], run["qat.keras"])


def test_a_broken_file_says_so(tmp_path):
    (tmp_path / "run.json").write_text('{"pipeline": ')
    with pytest.raises(TfqError, match="run.json: cannot be read.*--fresh"):
        resolve(tmp_path)
