"""How long tfq's interpreter takes beside LiteRT, and where its time goes."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.interpreter import Interpreter
from tfq.parity.compare import rows
from tfq.parity.samples import generate
from tfq.runtimes import available
from tfq.runtimes import run as run_runtime

BATCHES = (1, 16, 64)
PEERS = ("litert", "xnnpack")
LEAST, MOST = 3, 15  # rounds


@dataclass(frozen=True)
class Timing:
    """Milliseconds a sample, the median of the rounds. litert, xnnpack: the runtime's time over tfq's, likewise."""

    batch: int
    milliseconds: float
    litert: float | None
    xnnpack: float | None


@dataclass(frozen=True)
class OpTime:
    """One op of tfq's own run: milliseconds a sample, and its part of the whole."""

    index: int
    code: str
    tensor: str
    shape: tuple[int, ...]
    milliseconds: float
    share: float


@dataclass(frozen=True)
class Bench:
    """numerics: tfq's profile. runtimes: milliseconds a sample, or why there are none. profile: the largest batch's."""

    model: str
    numerics: str
    rounds: int
    tfq: tuple[Timing, ...]
    runtimes: dict[str, float | str]
    profile_batch: int
    profile: tuple[OpTime, ...]
    load_milliseconds: float

    def to_json(self) -> str:
        """Every figure."""
        return json.dumps(asdict(self), indent=1)

    def __str__(self) -> str:
        from tfq.parity.bench_table import text

        return text(self)

    def __rich__(self) -> Any:
        from tfq.parity.bench_table import table

        return table(self)


def bench(
    model: str | os.PathLike,
    numerics: str = "xnnpack",
    *,
    batches: Sequence[int] = BATCHES,
    seconds: float = 5.0,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Bench:
    """tfq's interpreter, LiteRT's reference kernels and LiteRT's default side by side.

    Round by round, so that a busy machine slows them alike; the runtimes run on one thread, sample after sample. tfq
    runs on as many as NumPy's BLAS takes: set OPENBLAS_NUM_THREADS=1 before NumPy is imported, as `tfq bench` does.

    Args:
        model: path of a `.tflite`. numerics: tfq's profile. batches: samples in one call of tfq's; those of a model
            that takes samples one by one make no difference. seconds: about how long all rounds take together.
        progress: told (rounds done, rounds at most).

    Raises: TfqError where the file cannot be used.
    """
    batches = sorted(set(batches))
    if not batches or batches[0] < 1 or not seconds > 0:
        raise TfqError(f"bench: expected batches from 1 on and a time, received {batches} and {seconds} s")
    begin = time.perf_counter()
    interpreter = Interpreter(model, numerics)
    load = time.perf_counter() - begin
    content = Path(model).read_bytes()
    inputs = generate(tuple(interpreter.graph.tensors[i] for i in interpreter.graph.inputs), batches[-1], seed)
    works = {batch: _tfq(interpreter, inputs, batch) for batch in batches}
    peers: dict[str, Any] = {}
    notes: dict[str, float | str] = {}
    for name in PEERS:
        peer = _peer(name, content, rows(interpreter.model, inputs, 0, min(16, batches[-1])))
        if callable(peer):
            peers[name] = peer
        else:
            notes[name] = peer
    rounds = _rounds({**works, **peers}, seconds, progress)
    medians = {key: statistics.median(each[key] for each in rounds) * 1e3 for key in rounds[0]}
    return Bench(
        model=Path(model).name,
        numerics=numerics,
        rounds=len(rounds),
        tfq=tuple(Timing(b, medians[b], *(_ratio(rounds, name, b) for name in PEERS)) for b in batches),
        runtimes={name: medians.get(name, notes.get(name, "")) for name in PEERS},
        profile_batch=(batch := batches[-1] if interpreter.stacks else 1),
        profile=profile(interpreter, rows(interpreter.model, inputs, 0, batch)),
        load_milliseconds=load * 1e3,
    )


def profile(interpreter: Interpreter, inputs: Sequence[np.ndarray], repeats: int = 5) -> tuple[OpTime, ...]:
    """The time of each op of tfq's run, the median of `repeats`, in the file's order.

    An op that computes no tensor counts with the next; subgraphs count with the op that runs them.
    """
    samples = interpreter.samples(inputs)
    each: list[dict[int, float]] = []
    for _ in range(repeats):
        interpreter.reset()
        spent: dict[int, float] = {}
        last = time.perf_counter()
        for index, _tensor, _array in interpreter.trace(inputs):
            now = time.perf_counter()
            spent[index] = spent.get(index, 0.0) + now - last
            last = now
        each.append(spent)
    medians = {index: statistics.median(spent[index] for spent in each) for index in each[0]}
    total = sum(medians.values()) or 1.0
    steps = {step.node.index: step for step in interpreter.steps}
    return tuple(
        OpTime(
            index,
            steps[index].node.operator.custom_code or steps[index].node.operator.code,
            steps[index].node.outputs[0].name,
            steps[index].node.outputs[0].shape,
            taken / samples * 1e3,
            taken / total,
        )
        for index, taken in medians.items()
    )


def _tfq(interpreter: Interpreter, inputs: Sequence[np.ndarray], batch: int) -> Callable[[], float]:
    """A function that runs one batch and gives seconds a sample."""
    part = rows(interpreter.model, inputs, 0, batch)

    def run() -> float:
        begin = time.perf_counter()
        interpreter.run(part)
        return (time.perf_counter() - begin) / batch

    run()
    return run


def _peer(name: str, content: bytes, inputs: Sequence[np.ndarray]) -> Callable[[], float] | str:
    """A function that runs the runtime and gives seconds a sample, or why there is none."""
    if reason := available(name):
        return reason
    samples = max((len(a) for a in inputs if a.ndim), default=1)

    def run() -> float:
        return run_runtime(name, content, inputs).seconds / samples

    try:
        run()
    except TfqError as error:
        return str(error)
    return run


def _rounds(
    works: dict[Any, Callable[[], float]], seconds: float, progress: Callable[[int, int], None] | None
) -> list[dict[Any, float]]:
    """Seconds a sample of each work, round by round."""
    found: list[dict[Any, float]] = []
    end = time.monotonic() + seconds
    while len(found) < LEAST or (len(found) < MOST and time.monotonic() < end):
        found.append({key: work() for key, work in works.items()})
        if progress is not None:
            progress(len(found), MOST)
    return found


def _ratio(rounds: Sequence[dict[Any, float]], name: str, batch: int) -> float | None:
    return statistics.median(each[name] / each[batch] for each in rounds) if name in rounds[0] else None
