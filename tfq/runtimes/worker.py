"""The child process: `python -m tfq.runtimes.worker NAME` answers requests on its standard input until it closes.

Requests (see frames.py):
    open  model, keep, arena [, the file's bytes]     answers opened, unknown (send the bytes) or refused
    run   model, keep, batch, outputs, tensors, fresh, limit, one array an input
                                                      answers done with the arrays, refused or failed
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from queue import SimpleQueue
from typing import Any, NoReturn

import numpy as np

from tfq.runtimes.engines import Arrays, Engine, open_engine
from tfq.runtimes.frames import receive, send

CACHED = 4  # loaded models a child keeps


class Refused(Exception):
    """The runtime's own words for not loading or running a file."""


class Loaded:
    """The engines of one runtime, by model and by whether all tensors are kept."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._models: OrderedDict[tuple[str, bool], tuple[bytes, int, Engine]] = OrderedDict()

    def open(self, key: tuple[str, bool], arena: int, model: bytes | None) -> bool:
        """False where the model's bytes are needed first."""
        if key not in self._models:
            if model is None:
                return False
            self._models[key] = (model, arena, self._make(model, key[1], arena))
        self._models.move_to_end(key)
        while len(self._models) > CACHED:
            self._models.popitem(last=False)
        return True

    def drop(self, key: tuple[str, bool]) -> None:
        """Forgets a model: its engine may be in any state after an error."""
        del self._models[key]

    def engine(self, key: tuple[str, bool], fresh: bool) -> Engine:
        model, arena, engine = self._models[key]
        return self._make(model, key[1], arena) if fresh else engine

    def _make(self, model: bytes, keep: bool, arena: int) -> Engine:
        try:
            return open_engine(self._name, model, keep, arena)
        except Exception as error:
            raise Refused(_words(error)) from error


def answer(loaded: Loaded, fields: dict[str, Any], arrays: list[np.ndarray]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """One request's reply, fields and arrays."""
    key = (fields["model"], fields["keep"])
    try:
        if fields["ask"] == "open":
            known = loaded.open(key, fields["arena"], arrays[0].tobytes() if arrays else None)
            return {"status": "opened" if known else "unknown"}, []
        return run_samples(loaded, key, fields, arrays)
    except Refused as error:
        return {"status": "refused", "reason": str(error)}, []
    except (ValueError, MemoryError) as error:
        return {"status": "failed", "reason": _words(error)}, []


def run_samples(
    loaded: Loaded, key: tuple[str, bool], fields: dict[str, Any], arrays: Sequence[np.ndarray]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Runs sample after sample; a runtime's results for a larger batch would be the same, where it takes one at all."""
    batch = fields["batch"]
    stacks = [[a] * batch if a.ndim == 0 else np.split(a, batch) for a in arrays]
    made: list[list[np.ndarray]] = []
    kept: list[Arrays] = []
    seconds = 0.0
    engine = loaded.engine(key, fields["fresh"])
    for sample in range(batch):
        begin = time.perf_counter()
        try:
            outputs, tensors = engine.run([s[sample] for s in stacks], fields["outputs"], fields["tensors"])
        except Exception as error:
            loaded.drop(key)
            raise Refused(_words(error)) from error
        seconds += time.perf_counter() - begin
        made.append(outputs)
        kept.append(tensors)
    indices = [i for i in kept[0] if all(i in tensors for tensors in kept)]
    joined = [_join([outputs[i] for outputs in made], f"output {i}") for i in range(len(made[0]))]
    joined += [_join([tensors[i] for tensors in kept], f"tensor {i}") for i in indices]
    return {"status": "done", "seconds": seconds, "outputs": len(made[0]), "tensors": indices}, joined


def _join(parts: list[np.ndarray], where: str) -> np.ndarray:
    if len(parts) == 1:
        return parts[0]
    if len({part.shape[1:] for part in parts}) > 1:
        raise ValueError(f"{where} has another shape in each sample: run the samples one at a time")
    return np.stack(parts) if parts[0].ndim == 0 else np.concatenate(parts)


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, (RuntimeError, ValueError)) and text else f"{type(error).__name__}: {text}"


def serve(name: str, requests: FileIO, replies: FileIO) -> NoReturn:
    """Answers until the parent closes its end."""
    loaded = Loaded(name)
    waiting: SimpleQueue[tuple[dict[str, Any], list[np.ndarray]]] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    while True:
        fields, arrays = waiting.get()
        _alarm(fields["limit"])
        reply = answer(loaded, fields, arrays)
        _alarm(None)
        send(replies, *reply)


def _listen(requests: FileIO, waiting: SimpleQueue) -> None:
    # A thread of its own sees the parent's end at once, even while the runtime is at work.
    try:
        while True:
            waiting.put(receive(requests))
    except EOFError:
        os._exit(0)
    except BaseException:
        traceback.print_exc()  # a request too large for the memory: the parent reads this
        os._exit(1)


def _alarm(limit: float | None) -> None:
    # The parent keeps the time; this ends an orphan whose runtime lets no other thread run.
    if hasattr(signal, "alarm"):
        signal.alarm(0 if limit is None else int(limit) + 10)


def main() -> None:
    """Sets the process up for runtimes that crash and print, then serves the runtime named in argv[1]."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    warnings.simplefilter("ignore")
    if hasattr(signal, "alarm"):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Runtimes write to descriptors 1 and 2: replies get a descriptor of their own.
    replies = FileIO(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = FileIO(os.dup(0), "rb")
    with suppress(BrokenPipeError):  # the parent is gone
        serve(sys.argv[1], requests, replies)


if __name__ == "__main__":
    main()
