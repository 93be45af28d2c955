"""One runtime against tfq's profile of its name, chunk by chunk."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfq.errors import TfqError
from tfq.interpreter import Interpreter
from tfq.parity.difference import Difference, difference
from tfq.parity.report import ABSENT, DIED, DIFFERS, EQUAL, REFUSED, UNSUPPORTED, OpResult, RuntimeResult
from tfq.parity.walk import Memories, Visit, walk
from tfq.runtimes import Result, RuntimeDied, available
from tfq.runtimes import run as run_runtime
from tfq.tflite.model import NUMPY_TYPES, Model, Tensor

# (model bytes, inputs in file order, all_tensors) -> Result
Run = Callable[[bytes, Sequence[np.ndarray], bool], Result]
CHUNK_BYTES = 1 << 25
QUICK = 0.5  # seconds


@dataclass(frozen=True, eq=False)
class File:
    """A model under test: its name, its bytes, and what they say."""

    name: str
    content: bytes
    model: Model


@dataclass
class Tally:
    """Sums over chunks. sought: the first visit whose own output differed, with its arrays."""

    samples: int = 0
    version: str = ""
    note: str = ""
    outputs: Difference = Difference()
    ops: dict[tuple[int, int], tuple[Difference, Difference]] = field(default_factory=dict)
    sought: Visit | None = None
    memories: Memories = field(default_factory=Memories)


def real_runtime(name: str) -> Run:
    """The runtime of that name in its child process, as a `Run`."""
    return lambda content, inputs, all_tensors: run_runtime(name, content, inputs, all_tensors=all_tensors)


def compare(
    name: str, run: Run | None, file: File, inputs: Sequence[np.ndarray], tick: Callable[[int], None]
) -> tuple[RuntimeResult, Visit | None]:
    """The runtime's result, and the first op that differs with its arrays.

    run: another runtime to hold against that profile; None: the real one. tick: told the number of samples done.
    """
    if run is None and (reason := available(name)):
        return RuntimeResult(name, ABSENT, reason), None
    try:
        interpreter = Interpreter(file.content, numerics=name)
    except TfqError as error:
        return RuntimeResult(name, UNSUPPORTED, str(error)), None
    tally, status, reason = Tally(), "", ""
    try:
        for start, stop in _parts(interpreter, inputs):
            part = rows(file.model, inputs, start, stop)
            _add(tally, run or real_runtime(name), interpreter, file, part, start)
            tally.samples = stop
            tick(stop)
    except RuntimeDied as error:
        status, reason = DIED, str(error)
    except TfqError as error:
        status, reason = REFUSED, str(error)
    return _result(name, tally, interpreter, status, reason), tally.sought


def _parts(interpreter: Interpreter, inputs: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """(first sample, one past the last) of what a runtime is asked in one call.

    That is all at once for a model that keeps state, whose runtime starts anew in each call.
    """
    count = sample_count(interpreter.model, inputs)
    if interpreter.keeps_state:
        yield 0, count
    elif not interpreter.stacks:
        yield from ((i, i + 1) for i in range(count))
    else:
        yield from chunks(interpreter.model, inputs)


def chunks(model: Model, inputs: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """(first sample, one past the last), chunk by chunk.

    A chunk grows as long as it takes a fraction of a second and all of its tensors stay small: one sample at first, so
    that progress shows and no time limit of a runtime is met.
    """
    count, limit = sample_count(model, inputs), _most_samples(model)
    size, start = 1, 0
    while start < count:
        begin, stop = time.monotonic(), min(start + size, count)
        yield start, stop
        if time.monotonic() - begin < QUICK:
            size = min(2 * size, limit)
        start = stop


def rows(model: Model, inputs: Sequence[np.ndarray], start: int, stop: int) -> list[np.ndarray]:
    """The samples from start to stop of every input; a scalar as it is."""
    tensors = [model.main.tensors[i] for i in model.main.inputs]
    leads = [max(t.shape[0], 1) if t.shape else 0 for t in tensors]
    return [a[start * n : stop * n] if n else a for a, n in zip(inputs, leads, strict=True)]


def sample_count(model: Model, inputs: Sequence[np.ndarray]) -> int:
    """How many samples the inputs hold; a scalar input serves every sample."""
    tensors = [model.main.tensors[i] for i in model.main.inputs]
    return max((len(a) // max(t.shape[0], 1) for t, a in zip(tensors, inputs, strict=True) if t.shape), default=1)


def _most_samples(model: Model) -> int:
    made = [model.main.tensors[i] for op in model.main.operators for i in op.outputs]
    if any(t.shape == () for t in made):
        return 1  # scalars have no axis to stack samples along
    each = sum(math.prod(t.shape) * np.dtype(NUMPY_TYPES.get(t.type, np.int8)).itemsize for t in made)
    return max(1, CHUNK_BYTES // max(each, 1))


def _add(tally: Tally, run: Run, interpreter: Interpreter, file: File, part: list[np.ndarray], start: int) -> None:
    deployed = run(file.content, part, False)
    tally.version = deployed.version
    try:
        shown = run(file.content, part, True).tensors
    except TfqError as error:
        shown, tally.note = {}, f"only outputs compared, the tensors between cannot be had: {error}"
    count = sample_count(file.model, part)
    alone = count > 1 and not interpreter.stacks
    made = []
    for first, last in [(i, i + 1) for i in range(count)] if alone else [(0, count)]:
        fed = rows(file.model, part, first, last)
        seen = {i: _cut(file.model.main.tensors[i], a, first, count) for i, a in shown.items()} if alone else shown
        made.append(_walk(tally, interpreter, fed, seen, start + first))
    for got, *ours in zip(deployed.outputs, *made, strict=True):
        tally.outputs += difference(_joined(ours), got, start)


def _walk(
    tally: Tally, interpreter: Interpreter, part: list[np.ndarray], shown: Mapping[int, np.ndarray], start: int
) -> list[np.ndarray]:
    """tfq's outputs of some samples; what their ops add goes into the tally."""
    graph = interpreter.graph
    ours = {i: np.asarray(graph.tensors[i].data) for i in graph.outputs} | dict(zip(graph.inputs, part, strict=True))
    for visit in walk(interpreter, part, shown, ours, start, tally.memories):
        total, own = tally.ops.get((visit.op, visit.tensor), (Difference(), Difference()))
        tally.ops[visit.op, visit.tensor] = total + visit.total, own + visit.own
        if visit.own.different and (tally.sought is None or visit.op < tally.sought.op):
            tally.sought = visit
    return [ours[i] for i in graph.outputs]


def _cut(tensor: Tensor, array: np.ndarray, sample: int, count: int) -> np.ndarray:
    """One sample of a runtime's array; scalars come as a vector."""
    if not tensor.shape:
        return array[sample]
    size = len(array) // count
    return array[sample * size : (sample + 1) * size]


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else (np.concatenate if parts[0].ndim else np.stack)(parts)


def _result(name: str, tally: Tally, interpreter: Interpreter, status: str, reason: str) -> RuntimeResult:
    graph = interpreter.model.main
    ops = tuple(
        OpResult(op, graph.operators[op].code, graph.tensors[tensor].name, total, own)
        for (op, tensor), (total, own) in tally.ops.items()
        if total.compared
    )
    tensors = sum((op.total for op in ops), Difference())
    own = any(op.own.different for op in ops)
    verdict = DIFFERS if tensors.different or tally.outputs.different or own else EQUAL
    return RuntimeResult(
        name, status or verdict, reason or tally.note, tally.version, tally.samples, tally.outputs, tensors, ops
    )
