"""What must be known of a model before a runtime sees it: its inputs, and which tensors can be asked for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tfq.errors import TfqError
from tfq.tflite.model import NUMPY_TYPES, Model, Subgraph, Tensor

# Ops whose result depends on more than their inputs; a custom op may be one of them.
STATEFUL_OPS = frozenset(
    {
        "ASSIGN_VARIABLE",
        "CALL_ONCE",
        "CUSTOM",
        "HASHTABLE",
        "MULTINOMIAL",
        "RANDOM_STANDARD_NORMAL",
        "RANDOM_UNIFORM",
        "READ_VARIABLE",
        "VAR_HANDLE",
    }
)


@dataclass(frozen=True, eq=False)
class Facts:
    """inputs: in file order. outputs: their number. tensors: indices in subgraph 0 that a run computes or is given.

    stateful: a run may leave something behind, so each call needs a fresh interpreter. arena: bytes for TFLM.
    """

    inputs: tuple[Tensor, ...]
    outputs: int
    tensors: tuple[int, ...]
    stateful: bool
    arena: int


@lru_cache(maxsize=4)
def digest(model: bytes) -> str:
    """sha256 of the file, by which a child knows a model that it has already loaded."""
    return hashlib.sha256(model).hexdigest()


@lru_cache(maxsize=4)
def facts(model: bytes) -> Facts:
    """Raises: TfqError where the file cannot be read."""
    from tfq.tflite import read  # the child never reads a file and need not wait for the schema

    parsed = read(model)
    graph = parsed.main
    return Facts(
        inputs=tuple(graph.tensors[i] for i in graph.inputs),
        outputs=len(graph.outputs),
        tensors=_computed(graph),
        stateful=_stateful(parsed),
        arena=_arena(parsed),
    )


def _computed(graph: Subgraph) -> tuple[int, ...]:
    # Constants, and tensors that no operator touches (TFLM crashes when asked for one of those), are left out.
    made = {*graph.inputs, *(i for op in graph.operators for i in op.outputs)}
    made |= {i for op in graph.operators for i in op.inputs if i >= 0 and graph.tensors[i].is_variable}
    return tuple(
        sorted(i for i in made if i >= 0 and graph.tensors[i].data is None and graph.tensors[i].type in NUMPY_TYPES)
    )


def _stateful(model: Model) -> bool:
    return any(
        any(t.is_variable for t in graph.tensors) or any(op.code in STATEFUL_OPS for op in graph.operators)
        for graph in model.subgraphs
    )


def _arena(model: Model) -> int:
    """Generous, in bytes: too small an arena can crash TFLM where it should refuse."""
    size = 1 << 20
    for graph in model.subgraphs:
        values = sum(math.prod(t.shape) * (t.dtype.itemsize if t.type in NUMPY_TYPES else 8) for t in graph.tensors)
        size += 2 * values + 2048 * (len(graph.tensors) + len(graph.operators))
    return size


def batch_of(name: str, known: Facts, inputs: Sequence[np.ndarray], resizable: bool) -> int:
    """How many samples `inputs` hold, each input stacked along its first axis; a scalar serves every sample.

    resizable: the runtime can follow a change of the other dimensions that the file leaves open.
    Raises: TfqError naming every input of the wrong shape or dtype.
    """
    if isinstance(inputs, np.ndarray) or len(inputs) != len(known.inputs):
        received = "one array" if isinstance(inputs, np.ndarray) else str(len(inputs))
        raise TfqError(f"{name}: expected a list of {len(known.inputs)} inputs in file order, received {received}")
    wrong, batches = [], set()
    for i, (tensor, array) in enumerate(zip(known.inputs, inputs, strict=True)):
        samples = _samples(tensor, np.asarray(array), resizable)
        if samples is None:
            got, shape = np.asarray(array), _text(tensor.shape, _free(tensor, resizable))
            wrong.append(f"input {i} {tensor.name!r}: expected {tensor.type} {shape}, received {got.dtype} {got.shape}")
        elif tensor.shape:
            batches.add(samples)
    if wrong:
        raise TfqError(f"{name}: {'; '.join(wrong)} (B samples along the first axis; nothing is cast)")
    if len(batches) > 1:
        raise TfqError(f"{name}: every input must hold the same number of samples, received {sorted(batches)}")
    return batches.pop() if batches else 1


def _samples(tensor: Tensor, array: np.ndarray, resizable: bool) -> int | None:
    if tensor.type not in NUMPY_TYPES or array.dtype != tensor.dtype or array.ndim != len(tensor.shape):
        return None
    if array.shape == tensor.shape:
        return 1
    trailing = zip(array.shape[1:], tensor.shape[1:], _free(tensor, resizable)[1:], strict=True)
    if any(got != stored and open_ != -1 for got, stored, open_ in trailing):
        return None
    whole, rest = divmod(array.shape[0], max(tensor.shape[0], 1))
    return None if rest or whole < 1 else whole


def _free(tensor: Tensor, resizable: bool) -> tuple[int, ...]:
    # The shape with -1 where the runtime may be given another size.
    signature = tensor.shape_signature if resizable else None
    return signature if signature is not None and len(signature) == len(tensor.shape) else tensor.shape


def _text(shape: tuple[int, ...], free: tuple[int, ...]) -> str:
    if not shape:
        return "()"
    lead = "B" if shape[0] == 1 else f"B*{shape[0]}"
    return f"({', '.join([lead, *('?' if size == -1 else str(size) for size in free[1:])])})"
