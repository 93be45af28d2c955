"""From a run or a `.keras` to a `.tflite` that has been compared with the real runtimes and with Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group
from rich.text import Text

from tfq.errors import TfqError
from tfq.files import whole, write_whole
from tfq.parity import Report, parity
from tfq.parity.data import load
from tfq.recipe import Recipe
from tfq.tflite import read
from tfq.tflite.model import Subgraph
from tfq.train.run_directory import resolve
from tfq.train.training import describe
from tfq.train.watch import Silent, Watch

EXPORTS = Path("export")
SAMPLES = 64  # of a user's data, compared tensor by tensor; a run's whole test split is


@dataclass(frozen=True)
class Deployment:
    """What was written and what parity found; print(deployment) shows both."""

    done: tuple[str, ...]
    report: Report

    @property
    def ok(self) -> bool:
        """Whether parity holds."""
        return self.report.ok

    def __rich__(self) -> Group:
        return Group(*map(Text, self.done), self.report)

    def __str__(self) -> str:
        return "\n".join([*self.done, str(self.report)])


def deploy_run(
    run: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    io: str = "int8",
    watch: Watch | None = None,
) -> Deployment:
    """Writes a run's network as a `.tflite` and compares it over the run's test split.

    Args: output: the file; None: export/<pipeline>/model.tflite, with report.txt, report.json and junit.xml beside it.
    io: "int8", "uint8", "int16" or "float32", see tfq.export.
    Raises: TfqError: not a run, one that is not finished, or a path that cannot be written.
    """
    files = resolve(run)
    watch = watch or Silent()
    with watch.quiet():
        from tfq import qat
    model = qat.load(files.keras)
    x, _ = files.run.read_test()
    return _deploy(model, x, f"test split of {files.run.path}", files.name, output, io, [], watch)


def deploy_keras(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
    recipe: str | os.PathLike[str] | None = None,
    io: str = "int8",
    watch: Watch | None = None,
) -> Deployment:
    """Writes a Keras model as a `.tflite`: a quantized one as it is, a float one after post-training quantization.

    Args: data: a .npy or .npz of samples, from which a float model takes its ranges. recipe: a recipe.toml for that.
    output, io: as `deploy_run`.
    Raises: TfqError: a file that cannot be read or used, or a float model without data.
    """
    watch = watch or Silent()
    with watch.quiet():
        from tfq.qat import calibrate, fitting, open_model, quantize
    model = open_model(path)
    done, origin, x, named = [], "", None, "" if data is None else os.fspath(data)
    if data is not None:
        x = _inputs(load(data), model, named)
        origin = f"the first of {named}"
    if fitting.is_quantized(model):
        if recipe is not None:
            raise TfqError(f"{os.fspath(path)}: is quantized already, by a recipe of its own; leave --recipe out")
    else:
        if x is None:
            raise TfqError(
                f"{os.fspath(path)}: is a float network; give samples to take its ranges from: --data x.npz (or x.npy)"
            )
        chosen = Recipe.load(recipe) if recipe is not None else Recipe()
        model = calibrate(quantize(model, chosen), x)
        done.append(f"{os.fspath(path)}: quantized after training, ranges from {_count(x)} samples of {named}")
    some = None if x is None else _first(x, SAMPLES)
    return _deploy(model, some, origin, Path(path).stem, output, io, done, watch)


def _deploy(
    model: Any,
    x: Any,
    origin: str,
    name: str,
    output: str | os.PathLike[str] | None,
    io: str,
    done: list[str],
    watch: Watch,
) -> Deployment:
    """x: samples to compare, None: generated."""
    from tfq import qat
    from tfq.export import export

    target = Path(output) if output is not None else EXPORTS / name / "model.tflite"
    if target.is_dir():
        raise TfqError(f"{target}: is a directory; name the file: -o {target / 'model.tflite'}")
    content = export(model, io=io, allow_float=io == "float32")
    file = read(content).main
    names = frozenset(tensor.name for tensor in file.tensors)
    kinds = ("int8", "int16")
    inner = {name: f"{name}/{kind}" for name in input_names(model) for kind in kinds if f"{name}/{kind}" in names}
    report = parity(
        content,
        x,
        keras_integers=partial(_inside, partial(qat.integers, model), inner),
        float_values=partial(_inside, partial(qat.floats, model), inner),
        progress=lambda at, total: watch.bar("comparing", at, total),
    )
    report = replace(report, model=target.name, inputs=origin or report.inputs)
    write_whole(target, content)
    lines = [*done, f"{target}: {describe(content)}; {_edges(file)}"]
    if output is None:
        lines.append(f"{target.parent}: {', '.join(_write_reports(report, target.parent))}")
    return Deployment(tuple(lines), report)


def _write_reports(report: Report, folder: Path) -> list[str]:
    write_whole(folder / "report.txt", f"{report}\n".encode())
    write_whole(folder / "report.json", f"{report.to_json()}\n".encode())
    with whole(folder / "junit.xml") as temporary:
        report.to_junit(temporary)
    return ["report.txt", "report.json", "junit.xml"]


def _edges(graph: Subgraph) -> str:
    """The types of the inputs and outputs, in words."""
    ends = [", ".join(dict.fromkeys(graph.tensors[i].type.lower() for i in e)) for e in (graph.inputs, graph.outputs)]
    return f"{ends[0]} in and out" if ends[0] == ends[1] else f"{ends[0]} in, {ends[1]} out"


def _inside(values: Any, inner: Mapping[str, str], x: Any) -> dict[str, np.ndarray]:
    """Keras's tensors by the file's names: behind another type at its edge, the network's input is NAME/int8."""
    return {inner.get(name, name): value for name, value in values(x).items()}


def input_names(model: Any) -> list[str]:
    """Names of the model's inputs, in its order."""
    return [str(tensor.name) for tensor in model.inputs]


def _inputs(found: Any, model: Any, path: str) -> Any:
    """The model's inputs out of what a .npy or .npz holds: an array, or one for each input in order.

    A .npz has them by the inputs' names; or the only one as x, x_test or x_train, or alone.
    """
    names = input_names(model)
    if isinstance(found, Mapping):
        arrays = _by_name(found, names, path)
    else:
        arrays = [found]
    if len(arrays) != len(names):
        raise TfqError(f"{path}: the model has inputs {', '.join(names)}; give a .npz with these names")
    problems = []
    for name, array, tensor in zip(names, arrays, model.inputs, strict=True):
        shape = tuple(tensor.shape)[1:]
        if array.dtype.kind != "f":
            problems.append(f"input {name!r}: expected floats as the model takes them, received {array.dtype}")
        elif array.shape[1:] != shape or not len(array):
            problems.append(f"input {name!r}: expected shape (N, {', '.join(map(str, shape))}), received {array.shape}")
    if problems:
        raise TfqError(f"{path}: {'; '.join(problems)}")
    arrays = [array.astype(np.float32) for array in arrays]
    return arrays[0] if len(arrays) == 1 else arrays


def _by_name(found: Mapping[str, np.ndarray], names: list[str], path: str) -> list[np.ndarray]:
    if all(name in found for name in names):
        return [found[name] for name in names]
    keys = [key for key in ("x", "x_test", "x_train") if key in found] or (list(found) if len(found) == 1 else [])
    if len(names) == 1 and keys:
        return [found[keys[0]]]
    raise TfqError(f"{path}: expected arrays {', '.join(names)}, found {', '.join(found) or 'none'}")


def _count(x: Any) -> int:
    return len(x[0] if isinstance(x, list) else x)


def _first(x: Any, count: int) -> Any:
    return [array[:count] for array in x] if isinstance(x, list) else x[:count]
