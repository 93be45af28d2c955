"""The directory of a run: every file in it appears whole or not at all, and one process at a time writes.

run.json          what the run is made of (recipe, model.py, data) and the versions it began with
recipe.toml       every setting in effect          model.py   as it was
test.npz          x and y of the test split        history.csv   a row an epoch
checkpoint/       STAGE-EPOCH.keras of a stage under way
float.keras, ptq.keras, qat.keras, model.tflite    in the order in which they are made
table.txt         the accuracies and counts, as printed
metrics.json      the last file: with it, the run is finished
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.files import TEMPORARY, whole, write_whole
from tfq.parity.data import load

ABOUT, METRICS, HISTORY, TEST, TABLE = "run.json", "metrics.json", "history.csv", "test.npz", "table.txt"
CHECKPOINTS, LOCK = "checkpoint", ".lock"
# A removal that is cut short leaves a run that is only less far.
LATEST_FIRST = (METRICS, TABLE, "model.tflite", "qat.keras", "ptq.keras", "float.keras", CHECKPOINTS, HISTORY)
MADE = (*LATEST_FIRST, TEST, "model.py", "recipe.toml", ABOUT)


@dataclass(frozen=True)
class RunDirectory:
    """A run's files by name: `run["float.keras"]` is a path."""

    path: Path

    def __getitem__(self, name: str) -> Path:
        return self.path / name

    def has(self, name: str) -> bool:
        """Whether a file is there, whole."""
        return self[name].is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the directory and keeps other processes from writing to it; the lock goes with the process.

        Raises: TfqError: another process has it, or the directory holds other things.
        """
        if self.path.exists() and not self.path.is_dir():
            raise TfqError(f"{self.path}: not a directory; name another with --run")
        if self.path.is_dir() and not self.has(ABOUT):
            others = sorted(p.name for p in self.path.iterdir() if p.name != LOCK and not p.name.startswith(TEMPORARY))
            if others:
                raise TfqError(f"{self.path}: holds {others[0]!r} but no run; name another directory with --run")
        self.path.mkdir(parents=True, exist_ok=True)
        with open(self[LOCK], "a+") as file:
            try:
                _lock(file)
            except BlockingIOError:
                file.seek(0)
                who = file.read().strip() or "unknown"
                taken = f"{self.path}: process {who} is at work in it; wait, or name another with --run"
                raise TfqError(taken) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            for leftover in [*self.path.glob(f"{TEMPORARY}*"), *self[CHECKPOINTS].glob(f"{TEMPORARY}*")]:
                leftover.unlink()
            yield

    def remove(self) -> None:
        """Removes what a run has written, the latest first, and nothing else."""
        for name in MADE:
            if self[name].is_dir():
                shutil.rmtree(self[name])
            else:
                self[name].unlink(missing_ok=True)

    def save(self, model: Any, name: str) -> None:
        """Writes a Keras model, its optimizer included, whole."""
        with whole(self[name]) as temporary:
            model.save(temporary)

    # Small files.
    def write_json(self, name: str, values: Mapping[str, Any]) -> None:
        """Writes a JSON object whole."""
        write_whole(self[name], (json.dumps(values, indent=1) + "\n").encode())

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON object. Raises TfqError where there is none."""
        try:
            values = json.loads(self[name].read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise TfqError(f"{self[name]}: cannot be read ({error}); start the run again with --fresh") from None
        if not isinstance(values, dict):
            raise TfqError(f"{self[name]}: expected a JSON object; start the run again with --fresh")
        return values

    def write_test(self, x: np.ndarray, y: np.ndarray) -> None:
        """Keeps the test split, so that the run can be exported and compared without its data."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, x=x, y=y)
        write_whole(self[TEST], buffer.getvalue())

    def read_test(self) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of the test split."""
        found = load(self[TEST])
        return found["x"], found["y"]

    # Epochs.
    def checkpoint(self, stage: str) -> tuple[int, Path | None]:
        """(epochs done, the model after them) of a stage; (0, None) where none is done."""
        found = {}
        for path in self[CHECKPOINTS].glob(f"{stage}-*.keras"):
            if match := re.fullmatch(rf"{stage}-(\d+)\.keras", path.name):
                found[int(match[1])] = path
        return max(found.items(), default=(0, None))

    def save_checkpoint(self, stage: str, epochs: int, model: Any) -> None:
        """Keeps the model after so many epochs of a stage, in place of an earlier one."""
        name = f"{CHECKPOINTS}/{stage}-{epochs:04}.keras"
        self.save(model, name)
        self._drop_checkpoints(stage, self[name])

    def save_stage(self, stage: str, model: Any) -> None:
        """Keeps what a stage has made."""
        self.save(model, f"{stage}.keras")
        self._drop_checkpoints(stage)

    def _drop_checkpoints(self, stage: str, keep: Path | None = None) -> None:
        for path in self[CHECKPOINTS].glob(f"{stage}-*.keras"):
            if path != keep:
                path.unlink()

    def history(self) -> list[dict[str, str]]:
        """The rows of history.csv."""
        if not self.has(HISTORY):
            return []
        with open(self[HISTORY], newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def seconds(self, stage: str) -> float:
        """How long a stage's epochs took, interruptions left out."""
        return sum(float(row["seconds"]) for row in self.history() if row["stage"] == stage)

    def add_epoch(self, row: Mapping[str, Any]) -> None:
        """Adds a row after those of the same stage's earlier epochs; later ones come from a run that was cut short."""
        rows: list[Mapping[str, Any]] = [
            old for old in self.history() if old["stage"] != row["stage"] or int(old["epoch"]) < row["epoch"]
        ]
        rows.append(row)
        text = io.StringIO()
        names = dict.fromkeys(name for one in rows for name in one)
        writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self[HISTORY], text.getvalue().encode())


def _lock(file: Any) -> None:
    """Takes the whole file for this process, until it ends. Raises BlockingIOError where another process has it."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        import msvcrt

        try:
            file.seek(1 << 20)  # beyond the text, which stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            raise BlockingIOError from error
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@dataclass(frozen=True)
class RunFiles:
    """What a finished run hands on. name: of its pipeline."""

    name: str
    tflite: Path
    keras: Path
    run: RunDirectory


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a path is the directory of a run."""
    return (Path(path) / ABOUT).is_file()


def resolve(path: str | os.PathLike[str], wanted: Sequence[str] = ("model.tflite", "qat.keras", TEST)) -> RunFiles:
    """A run's model.tflite and qat.keras. Raises TfqError: not a run, or one that is not that far."""
    run = RunDirectory(Path(path))
    if not is_run(path):
        raise TfqError(f"{run.path}: not the directory of a run (it has no {ABOUT})")
    about = run.read_json(ABOUT)
    missing = [name for name in wanted if not run.has(name)]
    if missing:
        raise TfqError(f"{run.path}: has no {', '.join(missing)} yet; finish it: tfq train {about.get('folder', '')}")
    name = str(about.get("pipeline", run.path.resolve().name))
    return RunFiles(name, run["model.tflite"], run["qat.keras"], run)
