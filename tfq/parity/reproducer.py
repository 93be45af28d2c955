"""The first op that differs, alone in a file with its input: a bug report in one command."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.parity.compare import File, Run, real_runtime
from tfq.parity.report import RuntimeResult
from tfq.parity.walk import Visit
from tfq.tflite import write
from tfq.tflite.model import Model, Operator, Signature, Subgraph, Tensor
from tfq.version import __version__

# Ops that mean nothing without other subgraphs or resources.
_NOT_ALONE = {
    "IF",
    "WHILE",
    "CALL",
    "CALL_ONCE",
    "STABLEHLO_COMPOSITE",
    "READ_VARIABLE",
    "ASSIGN_VARIABLE",
    "VAR_HANDLE",
}


def write_reproducer(
    root: str | os.PathLike, result: RuntimeResult, run: Run | None, file: File, visit: Visit
) -> str | None:
    """The directory written: model.tflite, its input, expected.npy, received.npy, README.md; None for control flow.

    Holds one sample, the first that differs. Raises: TfqError where the directory cannot be written.
    """
    graph = file.model.main
    operator = graph.operators[visit.op]
    if operator.code in _NOT_ALONE:
        return None
    model, kept = one_op(graph, visit.op)
    sample = _sample(visit)
    inputs = [_cut(graph.tensors[operator.inputs[k]], np.asarray(visit.inputs[k]), sample) for k in kept]
    tensor = graph.tensors[visit.tensor]
    expected, received = (_cut(tensor, np.asarray(array), sample) for array in (visit.expected, visit.received))
    content = write(model)
    again = _shows_again(content, inputs, visit.position, expected, run or real_runtime(result.runtime))
    named = dict(zip((name for name, _ in model.signatures[0].inputs), inputs, strict=True))
    folder = Path(root) / f"{result.runtime}-op{visit.op}-{operator.code.lower()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.tflite").write_bytes(content)
        given = _save_inputs(folder, named)
        np.save(folder / "expected.npy", expected)
        np.save(folder / "received.npy", received)
        (folder / "README.md").write_text(_readme(file, result, operator, visit, given, again), "utf-8")
    except OSError as error:
        raise TfqError(f"{folder}: cannot be written ({error.strerror})") from None
    return str(folder)


def one_op(graph: Subgraph, index: int) -> tuple[Model, list[int]]:
    """A model of one op of `graph`, and the positions of the op's inputs that are the model's inputs.

    An input that the op reads twice is one input of the model.
    """
    operator = graph.operators[index]
    used = list(dict.fromkeys(i for i in (*operator.inputs, *operator.outputs, *operator.intermediates) if i >= 0))
    place = {old: new for new, old in enumerate(used)} | {-1: -1}
    free = {i: k for k, i in reversed(list(enumerate(operator.inputs))) if i >= 0 and _is_free(graph.tensors[i])}
    fed = sorted(free, key=lambda i: free[i])
    inputs, outputs = tuple(place[i] for i in fed), tuple(place[i] for i in operator.outputs)
    alone = replace(
        operator,
        inputs=tuple(place[i] for i in operator.inputs),
        outputs=outputs,
        intermediates=tuple(place[i] for i in operator.intermediates),
    )
    signature = Signature(
        "serving_default",
        tuple((f"input_{k}", i) for k, i in enumerate(inputs)),
        tuple((f"output_{k}", i) for k, i in enumerate(outputs)),
    )
    subgraph = Subgraph(tuple(graph.tensors[i] for i in used), (alone,), inputs, outputs, "main")
    return Model((subgraph,), (signature,), description="one op, cut out by tfq parity"), [free[i] for i in fed]


def _is_free(tensor: Tensor) -> bool:
    return tensor.data is None and not tensor.is_variable


def _sample(visit: Visit) -> int:
    """Which sample of the visit's arrays differs first."""
    if visit.own.note:  # another shape or type
        return 0
    apart = np.asarray(visit.expected != visit.received)
    return int(np.flatnonzero(apart.reshape(len(apart), -1).any(1))[0]) if apart.ndim and apart.any() else 0


def _cut(tensor: Tensor, array: np.ndarray, row: int) -> np.ndarray:
    """The stored number of rows that hold the given row of the first axis."""
    if not tensor.shape:
        return np.asarray(array)
    lead = max(tensor.shape[0], 1)
    start = row // lead * lead
    return np.ascontiguousarray(array[start : start + lead])


def _shows_again(content: bytes, inputs: Sequence[np.ndarray], position: int, expected: np.ndarray, run: Run) -> bool:
    try:
        got = run(content, inputs, False).outputs[position]
    except TfqError:
        return False
    return got.shape != expected.shape or got.tobytes() != expected.tobytes()


def _save_inputs(folder: Path, inputs: dict[str, Any]) -> str:
    """The name of the file: input.npy for one input, input.npz by name for several."""
    if len(inputs) == 1:
        np.save(folder / "input.npy", *inputs.values())
        return "input.npy"
    np.savez(folder / "input.npz", **inputs)
    return "input.npz"


def _readme(file: File, result: RuntimeResult, operator: Operator, visit: Visit, given: str, again: bool) -> str:
    runtime, own = result.runtime, next(op.own for op in result.ops if op.index == visit.op and op.own.different)
    verdict = (
        "The op alone shows the difference:"
        if again
        else "The op alone does not show the difference: it comes from what the runtime does to the whole graph."
        " This shows what the op alone does:"
    )
    return f"""# {operator.code} in {runtime}

Op {visit.op} of `{file.name}`, tensor `{file.model.main.tensors[visit.tensor].name}`.
Fed the same integers, {runtime} ({result.version}) and the `{runtime}` profile of tfq {__version__} differ in
{own.different} of {own.compared} elements, by at most {own.largest:g} {own.unit}.
The first: {own.first or own.note}.

{verdict}

    tfq parity model.tflite --data {given} --runtime {runtime}

The input is the first sample that differs. `expected.npy` is output {visit.position} as tfq computes it,
`received.npy` as the runtime did.
"""
