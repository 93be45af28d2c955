"""The real runtimes behind one face: LiteRT's reference kernels, LiteRT's default (XNNPACK) and tflite-micro.

Each runs in a child process with a time limit, because a runtime can abort or crash the process that it runs in.
The child stays for the next call; it imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.runtimes.child import Reply, child_for
from tfq.runtimes.errors import RuntimeDied, RuntimeRefused
from tfq.runtimes.request import Facts, batch_of, digest, facts

__all__ = ["RUNTIMES", "Result", "RuntimeDied", "RuntimeRefused", "available", "run"]

RUNTIMES = ("litert", "xnnpack", "tflm")
PACKAGES = {"litert": "ai-edge-litert", "xnnpack": "ai-edge-litert", "tflm": "tflite-micro"}
ADVICE = {
    "ai-edge-litert": "ai-edge-litert is not available here: pip install ai-edge-litert",
    "tflite-micro": 'tflite-micro is not available here (Linux wheels only): pip install "tfq[tflm]"',
}

LONGEST = 86_400.0  # seconds: a day
Ask = Callable[[dict[str, Any], Sequence[np.ndarray]], Reply]


@dataclass(frozen=True, eq=False)
class Result:
    """outputs: in file order, samples concatenated along the first axis.

    tensors: index in subgraph 0 -> array, likewise (empty unless asked for). seconds: spent running, without loading.
    version: the runtime's package and its version.
    """

    outputs: list[np.ndarray]
    tensors: Mapping[int, np.ndarray]
    seconds: float
    version: str


def available(name: str) -> str | None:
    """None where the runtime can be used here, else the reason why not.

    Raises: TfqError for a name that is not in RUNTIMES.
    """
    if name not in RUNTIMES:
        raise TfqError(f"runtime: expected one of {', '.join(RUNTIMES)}, received {name!r}")
    package = PACKAGES[name]
    return None if find_spec(package.replace("-", "_")) else ADVICE[package]


def run(
    name: str, model: bytes, inputs: Sequence[np.ndarray], *, all_tensors: bool = False, timeout: float = 120.0
) -> Result:
    """What the runtime makes of `inputs`, sample after sample on one thread.

    A model that keeps state starts from its initial state in every call, and carries it from sample to sample.

    Args:
        name: one of RUNTIMES.
        model: the bytes of a `.tflite` file; the child keeps the last few loaded.
        inputs: in file order, B samples stacked along the first axis (shape [B * stored, ...]), of the stored dtype.
        all_tensors: also give the tensors of subgraph 0 that are not constant, as far as the runtime can.
        timeout: seconds for the whole call, the child's start (about 1 s, once) included.

    Raises:
        TfqError: the runtime is not installed, the file cannot be read, or an input has the wrong shape or dtype.
        RuntimeRefused: the runtime would not load or run the file.
        RuntimeDied: its process died or exceeded the time limit; the next call starts a new one.
    """
    reason = available(name)
    if reason is not None:
        raise TfqError(reason)
    if not isinstance(model, bytes):
        raise TfqError(f"{name}: expected the bytes of a .tflite file, received {type(model).__name__}")
    if not 0 < timeout <= LONGEST:
        raise TfqError(f"{name}: expected a timeout of 0 to {LONGEST} s, received {timeout}")
    try:
        known = facts(model)
    except TfqError:
        # The runtime's own reason comes first, where it refuses the file too.
        _converse(name, timeout, lambda ask: _open(ask, model, all_tensors, max(1 << 24, 10 * len(model))))
        raise
    arrays = [np.asarray(a) for a in inputs]
    batch = batch_of(name, known, inputs, resizable=name != "tflm")

    def talk(ask: Ask) -> Reply:
        _open(ask, model, all_tensors, known.arena)
        return ask(_run_fields(known, model, all_tensors, batch), arrays)

    fields, arrays = _converse(name, timeout, talk)
    count = fields["outputs"]
    return Result(
        outputs=arrays[:count],
        tensors=dict(zip(fields["tensors"], arrays[count:], strict=True)),
        seconds=fields["seconds"],
        version=_version(PACKAGES[name]),
    )


@lru_cache
def _version(package: str) -> str:
    return f"{package} {version(package)}"


def _open(ask: Ask, model: bytes, keep: bool, arena: int) -> None:
    fields = {"ask": "open", "model": digest(model), "keep": keep, "arena": arena}
    reply, _ = ask(fields, [])
    if reply["status"] == "unknown":
        ask(fields, [np.frombuffer(model, np.uint8)])


def _run_fields(known: Facts, model: bytes, keep: bool, batch: int) -> dict[str, Any]:
    return {
        "ask": "run",
        "model": digest(model),
        "keep": keep,
        "batch": batch,
        "outputs": known.outputs,
        "tensors": known.tensors if keep else [],
        "fresh": known.stateful,
    }


def _converse(name: str, timeout: float, talk: Callable[[Ask], Any]) -> Any:
    """Calls `talk` with a function that puts requests to the child and raises what the runtime refuses."""
    child = child_for(name)
    with child.lock:
        begin = time.monotonic()

        def ask(fields: dict[str, Any], arrays: Sequence[np.ndarray]) -> Reply:
            reply = child.ask(fields, arrays, begin, timeout)
            words = child.said()
            if reply[0]["status"] == "refused":
                said = f" ({words})" if words else ""
                raise RuntimeRefused(f"{name}: the runtime refused the model: {reply[0]['reason']}{said}")
            if reply[0]["status"] == "failed":
                raise TfqError(f"{name}: {reply[0]['reason']}")
            return reply

        used = child.answered > 0
        try:
            return talk(ask)
        except RuntimeDied:
            if not used or time.monotonic() >= begin + timeout:
                raise
            # An earlier model may have damaged the process: only a death in a new one counts.
            return talk(ask)
