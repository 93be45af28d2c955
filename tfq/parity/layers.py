"""Keras's integers, and the float network's activations, against the file's, tensor by tensor. Imports no Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.interpreter import Interpreter
from tfq.parity.compare import File, Run, chunks, real_runtime, rows
from tfq.parity.data import dequantized
from tfq.parity.difference import Difference, difference
from tfq.parity.report import SAME, KerasResult, LayerResult
from tfq.runtimes import available

# Tensor name -> values over all samples, or a function that gives that for a chunk of the inputs.
Values = Mapping[str, Any] | Callable[[Any], Mapping[str, Any]]


@dataclass
class Sums:
    """Over chunks: integers that differ, power of the floats and of their distance from the file, by tensor name."""

    integers: dict[str, Difference] = field(default_factory=dict)
    signal: dict[str, float] = field(default_factory=dict)
    noise: dict[str, float] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)


def compare_keras(
    file: File,
    stored: Sequence[np.ndarray],
    given: Sequence[np.ndarray],
    integers: Values | None,
    floats: Values | None,
    runtime: str,
    run: Run | None,
) -> KerasResult:
    """Layer by layer, in the file's order.

    stored: the file's inputs. given: the same as the user gave them; integers and floats, where they are functions,
    get these as float32 reals, one array or, for several inputs, a list. runtime: who runs the file; where it cannot,
    tfq's interpreter in its profile.
    """
    runs = _runs(file, rows(file.model, stored, 0, 1), runtime, run)
    tensors_of = _run(file, run or real_runtime(runtime)) if runs else _interpreted(file, runtime)
    sums = Sums()
    for start, stop in chunks(file.model, stored):
        reals = [_real(file, k, array) for k, array in enumerate(rows(file.model, given, start, stop))]
        x = reals[0] if len(reals) == 1 else reals
        found = {_name(file, i): (i, a) for i, a in tensors_of(rows(file.model, stored, start, stop))}
        _add_integers(sums, file, found, _values(integers, x, start, stop), start)
        _add_floats(sums, file, found, _values(floats, x, start, stop))
    against = runtime if runs else f"tfq.Interpreter ({runtime})"
    return KerasResult(against, _layers(file, sums), tuple(sums.missing))


def _runs(file: File, sample: list[np.ndarray], runtime: str, run: Run | None) -> bool:
    """Whether the runtime is here and shows the tensors of this file."""
    if run is None and available(runtime) is not None:
        return False
    try:
        (run or real_runtime(runtime))(file.content, sample, True)
    except TfqError:
        return False
    return True


def _run(file: File, run: Run) -> Callable[[list[np.ndarray]], Iterator[tuple[int, np.ndarray]]]:
    def tensors(part: list[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
        shown = run(file.content, part, True)
        yield from shown.tensors.items()
        yield from zip(file.model.main.outputs, shown.outputs, strict=True)

    return tensors


def _interpreted(file: File, numerics: str) -> Callable[[list[np.ndarray]], Iterator[tuple[int, np.ndarray]]]:
    interpreter = Interpreter(file.content, numerics=numerics)

    def tensors(part: list[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
        yield from zip(file.model.main.inputs, part, strict=True)
        yield from ((tensor, array) for _, tensor, array in interpreter.trace(part))

    return tensors


def _name(file: File, index: int) -> str:
    return file.model.main.tensors[index].name


def _real(file: File, position: int, array: np.ndarray) -> np.ndarray:
    tensor = file.model.main.tensors[file.model.main.inputs[position]]
    return dequantized(tensor, array) if array.dtype == tensor.dtype else array.astype(np.float32)


def _values(values: Values | None, x: Any, start: int, stop: int) -> Mapping[str, Any]:
    if values is None:
        return {}
    return values(x) if callable(values) else {name: array[start:stop] for name, array in values.items()}


def _add_integers(sums: Sums, file: File, found: Mapping, values: Mapping[str, Any], start: int) -> None:
    for name, value in values.items():
        if name not in found:
            sums.missing[name] = None
            continue
        expected = found[name][1].astype(np.int64)
        sums.integers[name] = sums.integers.get(name, Difference()) + difference(expected, _whole(value), start)


def _whole(value: Any) -> np.ndarray:
    """Whole numbers as int64, whatever type carries them; a value that is not finite is far from every integer."""
    array = np.asarray(value)
    if array.dtype.kind not in "iub":
        array = np.rint(np.nan_to_num(array.astype(np.float64), nan=2.0**40, posinf=2.0**40, neginf=-(2.0**40)))
    return array.astype(np.int64)


def _add_floats(sums: Sums, file: File, found: Mapping, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in found:
            continue
        index, stored = found[name]
        real = np.asarray(value, np.float64)
        deployed = dequantized(file.model.main.tensors[index], stored).astype(np.float64).reshape(real.shape)
        sums.signal[name] = sums.signal.get(name, 0.0) + float(np.square(real).sum())
        sums.noise[name] = sums.noise.get(name, 0.0) + float(np.square(real - deployed).sum())


def _layers(file: File, sums: Sums) -> tuple[LayerResult, ...]:
    graph = file.model.main
    order = dict.fromkeys(_name(file, i) for i in (*graph.inputs, *(i for op in graph.operators for i in op.outputs)))
    names = [name for name in order if name in sums.integers or name in sums.signal]
    return tuple(LayerResult(name, sums.integers.get(name), _decibels(sums, name)) for name in names)


def _decibels(sums: Sums, name: str) -> float | None:
    if name not in sums.signal:
        return None
    if not sums.noise[name]:
        return SAME
    return 10 * math.log10(max(sums.signal[name], 1e-300) / sums.noise[name])
