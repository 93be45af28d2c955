"""`train`: a pipeline from its folder to a finished run."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tfq.errors import TfqError
from tfq.files import write_whole
from tfq.inspect import inspect
from tfq.train.data import Splits, prepare, source_of
from tfq.train.evaluate import evaluate
from tfq.train.pipeline import Pipeline, call
from tfq.train.run_directory import ABOUT, METRICS, TABLE, TEST, RunDirectory
from tfq.train.stages import FLOAT, QAT, Context, run_stages
from tfq.train.table import Outcome
from tfq.train.watch import Silent, Watch

RUNS = Path("runs")
PACKAGES = ("numpy", "keras", "tensorflow", "jax", "ai-edge-litert", "tflite-micro")


def train(
    folder: str | os.PathLike[str],
    run: str | os.PathLike[str] | None = None,
    *,
    train: Mapping[str, Any] | None = None,
    data: str | None = None,
    numerics: str | None = None,
    fresh: bool = False,
    watch: Watch | None = None,
) -> Outcome:
    """Trains a pipeline, or goes on with a run that was interrupted, and compares what it made with the real runtimes.

    Args:
        folder: of the pipeline. run: the directory of the run; None: runs/<name of the folder>.
        train, data, numerics: in place of what recipe.toml says: fields of [train], the source of [data], the runtime
            of [recipe]; None leaves a field as it is. fresh: remove what an earlier run left in the directory.

    Raises:
        TfqError: a finished run, one that began with other settings, bad settings or data, a directory that is taken.
    """
    watch = watch or Silent()
    pipeline = Pipeline.load(folder)
    source = None if data is None else source_of(data)
    settings = pipeline.settings.changed(train or {}, {"source": source}, {"numerics": numerics})
    pipeline = Pipeline(pipeline.name, pipeline.folder, settings, pipeline.code)
    directory = RunDirectory(Path(run) if run is not None else RUNS / pipeline.name)
    with directory.locked():
        if not fresh:
            _require_same(directory, pipeline)
        context, model = _prepare(pipeline, directory, watch)
        _begin(context, fresh)
        run_stages(context, model)
        return _finish(context)


def _require_same(run: RunDirectory, pipeline: Pipeline, splits: Splits | None = None) -> None:
    """Raises TfqError for a finished run, and for one that began with other settings or data."""
    if run.has(METRICS):
        raise TfqError(f"{run.path}: finished, {METRICS} has its figures; --fresh trains it again, --run DIR elsewhere")
    if not run.has(ABOUT):
        return
    before, now = run.read_json(ABOUT).get("made_of", {}), made_of(pipeline, splits)
    changes = [f"{name} {_was(before.get(name), value)}" for name, value in now.items() if before.get(name) != value]
    if changes:
        raise TfqError(
            f"{run.path}: is not finished, and since it began these changed: {'; '.join(changes)}; "
            "undo that to go on, or start again with --fresh"
        )


def made_of(pipeline: Pipeline, splits: Splits | None) -> dict[str, Any]:
    """What a run depends on, by name."""
    tables = pipeline.settings.to_dict()
    fields = {f"[{table}] {name}": value for table, values in tables.items() for name, value in values.items()}
    known = {"samples": splits.digest} if splits is not None else {}
    return {"pipeline": pipeline.name, "model.py": pipeline.digest, **fields, **known}


def _was(before: Any, now: Any) -> str:
    digests = isinstance(now, str) and len(now) == 64
    return "(its content)" if digests else f"(was {before!r}, is {now!r})"


def _prepare(pipeline: Pipeline, run: RunDirectory, watch: Watch) -> tuple[Context, Any]:
    """Everything that can be refused is refused here, before anything is written."""
    with watch.quiet():
        from tfq.qat import fitting, plan

    module = pipeline.module()
    watch.line(f"{pipeline.name}: {run.path}, {_words(versions())}")
    fitting.seed_everything(pipeline.settings.train.seed)
    path = pipeline.folder / "model.py"
    model = call(path, "build_model", module.build_model)
    plan(model, pipeline.settings.recipe)
    shape, classes = _shapes(path, model)
    load_data = getattr(module, "load_data", None)
    load = None if load_data is None else lambda: call(path, "load_data", load_data)
    splits = prepare(pipeline.settings.data, shape, classes, load)
    watch.line(f"data {pipeline.settings.data.source}: {splits}")
    return Context(pipeline, module, run, splits, watch), model


def _shapes(path: Path, model: Any) -> tuple[tuple[int, ...], int]:
    """(shape of one sample, number of classes). Raises TfqError for another kind of model."""
    inputs, outputs = [tuple(t.shape) for t in model.inputs], [tuple(t.shape) for t in model.outputs]
    classifies = len(inputs) == len(outputs) == 1 and len(outputs[0]) == 2 and (outputs[0][1] or 0) > 1
    if not classifies or None in inputs[0][1:]:
        raise TfqError(
            f"{path}: expected a classifier, one input of known shape and one output (None, classes); "
            f"received inputs {inputs}, outputs {outputs}"
        )
    return inputs[0][1:], int(outputs[0][1])


def _begin(context: Context, fresh: bool) -> None:
    """Writes what a run starts with, as far as it is not there."""
    run, pipeline, test = context.run, context.pipeline, context.splits.test
    if fresh:
        run.remove()
    _require_same(run, pipeline, context.splits)
    # First: a directory without it is not taken for a run.
    if not run.has(ABOUT):
        about = {"pipeline": pipeline.name, "folder": str(pipeline.folder), "versions": versions()}
        run.write_json(ABOUT, {**about, "made_of": made_of(pipeline, context.splits)})
    if not run.has("recipe.toml"):
        write_whole(run["recipe.toml"], pipeline.settings.to_toml().encode())
    if not run.has("model.py"):
        write_whole(run["model.py"], pipeline.code)
    if not run.has(TEST):
        run.write_test(test.x, test.y)


def _finish(context: Context) -> Outcome:
    """Exports, evaluates, and writes table.txt and metrics.json."""
    from tfq.export import export
    from tfq.qat import open_model

    begin = time.perf_counter()
    run, test = context.run, context.splits.test
    models = {name: open_model(run[f"{name.lower()}.keras"]) for name in ("float", "PTQ", "QAT")}
    files = {"PTQ": export(models["PTQ"]), "QAT": export(models["QAT"], run["model.tflite"])}
    rows = evaluate(models, files, test.x, test.y, context.watch)
    seconds = {stage: round(run.seconds(stage), 1) for stage in (FLOAT, QAT)}
    seconds["evaluation"] = round(time.perf_counter() - begin, 1)
    outcome = Outcome(run.path, tuple(rows), len(test), describe(files["QAT"]), seconds)
    write_whole(run[TABLE], f"{outcome}\n".encode())
    run.write_json(METRICS, outcome.metrics())
    return outcome


def describe(content: bytes) -> str:
    """The size of a file in words."""
    found = inspect(content)
    return f"{found.bytes:,} bytes, {len(found.ops)} ops, {found.macs:,} multiply-accumulates"


def versions() -> dict[str, str]:
    """Of Python, tfq and what it computes with; "" for what is not installed."""
    found = {"python": platform.python_version(), "tfq": version_of("tfq")}
    return found | {package: version_of(package) for package in PACKAGES} | {"machine": platform.platform()}


def version_of(package: str) -> str:
    """A package's version, "" where it is not installed."""
    if package == "tfq":
        from tfq.version import __version__

        return __version__
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _words(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {found[name]}" for name in ("tfq", "keras", "tensorflow", "ai-edge-litert"))
