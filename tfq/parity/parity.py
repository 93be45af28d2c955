"""`parity`: the whole comparison, from a path to a report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfq.errors import TfqError
from tfq.parity.compare import File, Run, compare, sample_count
from tfq.parity.data import Data, load, stored_inputs
from tfq.parity.layers import Values, compare_keras
from tfq.parity.report import UNSUPPORTED, Report
from tfq.parity.reproducer import write_reproducer
from tfq.parity.samples import KINDS, generate
from tfq.runtimes import RUNTIMES
from tfq.tflite import Model, read

SAMPLES = 32


def parity(
    model: str | os.PathLike | bytes,
    data: Any = None,
    *,
    runtimes: Sequence[str] | Mapping[str, Run] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    reproducer: str | os.PathLike | None = None,
    keras_integers: Values | None = None,
    float_values: Values | None = None,
    keras_runtime: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """tfq's interpreter against the real runtimes on the same integers, op by op.

    Args:
        model: a `.tflite`, as a path or as bytes, or the directory of a run that holds one.
        data: inputs: an array, a sequence in file order, a mapping by name, or the path of a .npy or .npz of these;
            samples along the first axis. Floats are quantized with the input's scale, integers taken as stored. None:
            random, saturating and near-zero inputs in turn.
        runtimes: names out of litert, xnnpack, tflm (None: all); or a mapping from such a name to a function
            (model bytes, inputs, all_tensors) -> tfq.runtimes.Result, to hold another runtime against that profile.
        samples: how many to generate where no data are given. seed: of those.
        reproducer: a directory for the first differing op of each runtime as a one-op file with its input.
        keras_integers: stored integers of a Keras model by tensor name, or a function x -> those.
        float_values: float32 activations of the float network by tensor name, or a function x -> those.
        keras_runtime: who runs the file that Keras is compared with. None: the one that the file's recipe names.
        progress: told (samples done, samples in all).

    Raises:
        TfqError: the file or the data cannot be used; no runtime's arithmetic is supported by tfq.
    """
    file = _open(model)
    chosen = _chosen(runtimes)
    inputs, origin = _inputs(file, data, samples, seed)
    count = sample_count(file.model, inputs.stored)
    results, reproducers = [], []
    for number, (name, run) in enumerate(chosen.items()):
        result, visit = compare(name, run, file, inputs.stored, _ticker(progress, number, len(chosen), count))
        results.append(result)
        if reproducer is not None and visit is not None:
            reproducers.append(write_reproducer(reproducer, result, run, file, visit))
    if results and all(r.status == UNSUPPORTED for r in results):
        raise TfqError(f"{file.name}: {results[0].reason}")
    keras = None
    if keras_integers is not None or float_values is not None:
        against = keras_runtime or numerics_of(file.model)
        keras = compare_keras(
            file, inputs.stored, inputs.given, keras_integers, float_values, against, chosen.get(against)
        )
    return Report(file.name, count, origin, tuple(results), keras, tuple(r for r in reproducers if r))


def numerics_of(model: Model) -> str:
    """The profile that the recipe in the file's own metadata names; xnnpack where there is none."""
    try:
        numerics = json.loads(model.metadata["tfq"])["recipe"]["numerics"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return "xnnpack"
    return numerics if numerics in RUNTIMES else "xnnpack"


def resolve(model: str | os.PathLike) -> Path:
    """The `.tflite` that a path means: itself, or the one in a run's directory.

    Raises: TfqError where a directory holds none or several.
    """
    path = Path(model)
    if not path.is_dir():
        return path
    found = [p for pattern in ("*.tflite", "export/*.tflite", "export/*/*.tflite") for p in sorted(path.glob(pattern))]
    if len(found) != 1:
        listed = ", ".join(str(p.relative_to(path)) for p in found) or "none"
        raise TfqError(f"{path}: expected one .tflite in this directory or its export/, found {listed}")
    return found[0]


def _open(model: str | os.PathLike | bytes) -> File:
    if isinstance(model, (bytes, bytearray, memoryview)):
        return File("model", bytes(model), read(bytes(model)))
    path = resolve(model)
    parsed = read(path)  # first: it refuses what is not a regular file
    return File(path.name, path.read_bytes(), parsed)


def _chosen(runtimes: Sequence[str] | Mapping[str, Run] | None) -> dict[str, Run | None]:
    names = RUNTIMES if runtimes is None else runtimes
    chosen: dict[str, Run | None] = {**names} if isinstance(names, Mapping) else dict.fromkeys(names)
    wrong = [name for name in chosen if name not in RUNTIMES]
    if wrong:
        raise TfqError(f"runtimes: expected names out of {', '.join(RUNTIMES)}, received {', '.join(map(repr, wrong))}")
    return chosen


def _inputs(file: File, data: Any, samples: int, seed: int) -> tuple[Data, str]:
    if data is None:
        if samples < 1:
            raise TfqError(f"samples: expected at least 1, received {samples}")
        made = generate(tuple(file.model.main.tensors[i] for i in file.model.main.inputs), samples, seed)
        kinds = ", ".join(kind.__name__.replace("_", " ") for kind in KINDS)
        return Data(made, made), f"{kinds} in turn, seed {seed}"
    if isinstance(data, (str, os.PathLike)):
        return stored_inputs(load(data), file.model), str(data)
    return stored_inputs(data, file.model), "data given"


def _ticker(
    progress: Callable[[int, int], None] | None, number: int, runtimes: int, count: int
) -> Callable[[int], None]:
    def tick(done: int) -> None:
        if progress is not None:
            progress(number * count + done, runtimes * count)

    return tick
