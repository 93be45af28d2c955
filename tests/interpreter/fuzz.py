"""Damaged models: whatever is in a file, the interpreter runs it or raises a TfqError, soon and in little memory.

    python -m tests.interpreter.fuzz --count 20000 --seed 1 [--numerics litert] [--keep DIR] [MODEL.tflite ...]

makes mutants of the models given, or of one model an op of tests/ops, and opens and runs each in a process of its own
under limits of processor time and memory. It lists what crashed (exit code 1); --keep saves those files.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import resource
import select
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

import tfq
from tests.interpreter import graphs
from tests.ops.harness import Case, model_of
from tests.parity.models import network
from tfq.interpreter import Interpreter

SECONDS, WAIT, MEMORY = 2.0, 20.0, 2**30
LARGEST_INPUT = 2**25

NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 256, 1000, 65535, 65536, 10**6, 2**24, 2**30, 2**31 - 1)
NUMBERS += (-1, -2, -128, -(2**31))
REALS = (float("nan"), float("inf"), float("-inf"), 0.0, -0.0, -1.0, 1e-45, 1e-38, 1e-10, 1.0, 2.0, 1e10, 3.4e38)

Place = tuple[Any, Any]  # an object and the name of its field, or a list and an index


def bases(first_only: bool = True) -> list[bytes]:
    """Small models: control flow, state, a network, and the cases of tests/ops, one an op."""
    found = [graphs.counter(), graphs.doubling(3), graphs.choice(), graphs.composite(), graphs.flattened()]
    found += [graphs.chosen_axis(), graphs.two_signatures(), graphs.nested(3), network()]
    for path in sorted(Path(__file__).parents[1].joinpath("ops").glob("test_*.py")):
        module = importlib.import_module(f"tests.ops.{path.stem}")
        cases = [case for case in getattr(module, "CASES", ()) if isinstance(case, Case)]
        found += [model_of(case) for case in (cases[:1] if first_only else cases)]
    return found


def mutant(rng: random.Random, base: bytes) -> bytes:
    """The file with some of its bytes, or some fields of its objects, changed."""
    if rng.random() < 0.35:
        return _bytes_changed(rng, bytearray(base))
    model = schema.ModelT.InitFromPackedBuf(base)
    places: list[Place] = []
    _collect(model, places)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(rng, *rng.choice(places))
    if rng.random() < 0.1:
        _enlarge(rng, model)
    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    except (TypeError, ValueError, struct.error, AttributeError, OverflowError):
        return _bytes_changed(rng, bytearray(base))  # flatbuffers itself would not write it
    return bytes(builder.Output())


def _bytes_changed(rng: random.Random, raw: bytearray) -> bytes:
    kind, size = rng.randrange(6), len(raw)
    if kind == 0:
        return bytes(raw[: rng.randrange(size)])
    if kind == 1:
        for _ in range(rng.choice((1, 1, 2, 8, 64))):
            raw[rng.randrange(size)] ^= 1 << rng.randrange(8)
    elif kind == 2:
        place = 4 * rng.randrange(size // 4)
        raw[place : place + 4] = struct.pack("<I", rng.choice((*NUMBERS, size, size - 4)) & 0xFFFFFFFF)
    elif kind == 3:
        place, length = rng.randrange(size), rng.choice((1, 4, 8, 64))
        raw[place : place + length] = bytes(len(raw[place : place + length]))
    elif kind == 4:
        here, there, length = rng.randrange(size), rng.randrange(size), rng.choice((4, 8, 32, 128))
        raw[here : here + length] = raw[there : there + length]
    else:
        raw += rng.randbytes(rng.choice((1, 100, 4096)))
    return bytes(raw)


def _collect(owner: Any, places: list[Place]) -> None:
    """Every field and every element below an object, but for the bytes of buffers."""
    fields = range(min(len(owner), 32)) if isinstance(owner, list) else vars(owner)
    for field in fields:
        value = owner[field] if isinstance(owner, list) else getattr(owner, field)
        places.append((owner, field))
        if isinstance(value, np.ndarray):
            value = value.tolist() if value.size <= 64 and not isinstance(owner, schema.BufferT) else None
            if value is not None:
                _set(owner, field, value)
        if isinstance(value, list) or hasattr(value, "__dict__"):
            _collect(value, places)


def _set(owner: Any, field: Any, value: Any) -> None:
    if isinstance(owner, list):
        owner[field] = value
    else:
        setattr(owner, field, value)


def _change(rng: random.Random, owner: Any, field: Any) -> None:
    value = owner[field] if isinstance(owner, list) else getattr(owner, field)
    if isinstance(value, bool):
        _set(owner, field, not value)
    elif isinstance(value, int):
        _set(owner, field, rng.choice((*NUMBERS, value + 1, value - 1, value * 2, -value)))
    elif isinstance(value, float):
        _set(owner, field, rng.choice((*REALS, -value)))
    elif isinstance(value, list) and value:
        kind = rng.randrange(4)
        if kind == 0:
            _set(owner, field, value[:-1])
        elif kind == 1:
            _set(owner, field, [*value, rng.choice(value)])
        elif kind == 2:
            _set(owner, field, [rng.choice(value) for _ in value])
        else:
            _set(owner, field, None)
    elif isinstance(value, np.ndarray):
        _set(owner, field, value[: rng.randrange(value.size + 1)])
    elif value is not None and not isinstance(owner, list):
        _set(owner, field, None)


def _enlarge(rng: random.Random, model: schema.ModelT) -> None:
    """All axes of a tensor, or the first of every one, of absurd size."""
    tensors = [tensor for graph in model.subgraphs or () for tensor in graph.tensors or ()]
    size, every = rng.choice((2**31 - 1, 2**16, 2**20, 5000)), rng.random() < 0.4
    for tensor in tensors if every else [rng.choice(tensors)] if tensors else ():
        shape = list(tensor.shape if tensor.shape is not None else ())
        tensor.shape = [size, *shape[1:]] if every and shape else [size] * len(shape)


def attempt(raw: bytes, numerics: str) -> str:
    """ "runs", "refused" or "large" (not run: its inputs would be). Raises whatever else the interpreter raises."""
    try:
        interpreter = Interpreter(raw, numerics)
        if sum(int(np.prod(t.shape, dtype=object)) * t.dtype.itemsize for t in interpreter.inputs) > LARGEST_INPUT:
            return "large"
        rng = np.random.default_rng(0)
        interpreter.run([values(rng, t.shape, t.dtype) for t in interpreter.inputs])
    except tfq.TfqError as error:
        assert "\n" not in str(error)
        return "refused"
    return "runs"


def values(rng: np.random.Generator, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Stored values of an input: the whole range of small integers, 0 and 1 of large ones (sizes, indices)."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        low, high = (limits.min, limits.max) if dtype.itemsize <= 2 else (0, 1)
        return np.asarray(rng.integers(low, high, shape, dtype, endpoint=True))
    return np.asarray(rng.uniform(-1, 1, shape)).astype(dtype)


def forked(raw: bytes, numerics: str) -> str:
    """`attempt` in a process of its own under the limits; "CRASH: ..." for what should not be."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _child(raw, numerics, write)
    os.close(write)
    ready = select.select([read], [], [], WAIT)[0]
    answer = os.read(read, 4096).decode() if ready else ""
    os.close(read)
    if not ready:
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if answer:
        return answer
    if os.WIFSIGNALED(status) and ready:
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"CRASH: more than {SECONDS} s of processor time" if name == "SIGPROF" else f"CRASH: {name}"
    return f"CRASH: no answer within {WAIT} s"


def _child(raw: bytes, numerics: str, pipe: int) -> None:
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        answer = attempt(raw, numerics)
    except BaseException as error:
        answer = f"CRASH: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    os.write(pipe, answer.encode())
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if anything crashed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--numerics", default="litert", choices=("litert", "xnnpack", "tflm"))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to write the files that crash")
    options = parser.parse_args(arguments)
    found = [path.read_bytes() for path in options.models] or bases(first_only=False)
    rng, counts = random.Random(options.seed), Counter()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    keep.mkdir(parents=True, exist_ok=True)
    Interpreter(network())  # imports the schema once, for all children
    for number in range(options.count):
        raw = mutant(rng, rng.choice(found))
        begin = time.monotonic()
        outcome = forked(raw, options.numerics)
        counts[outcome.partition(":")[0]] += 1
        if outcome.startswith("CRASH"):
            path = keep / f"{options.numerics}-{options.seed}-{number}.tflite"
            path.write_bytes(raw)
            print(f"{path}: {outcome} ({time.monotonic() - begin:.1f} s)", flush=True)
    print(json.dumps({"mutants": options.count, "models": len(found), **counts}))
    return 1 if counts["CRASH"] else 0


if __name__ == "__main__":
    sys.exit(main())
