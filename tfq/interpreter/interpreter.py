"""The interpreter: one loop over a `.tflite` under one profile.

A batch goes through in one call: B samples are stacked along axis 0 of every tensor (shape [B * stored, ...]), and give
the integers that they give one by one. Ops that would mix them run sample by sample.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.interpreter.plan import Step, plan
from tfq.numerics.profiles import profile_named
from tfq.tflite import Model, Subgraph, Tensor, read
from tfq.tflite.model import NUMPY_TYPES

# Bytes of the largest tensor while `run` works through a batch; more samples go through in portions.
_PORTION = 2**22

Inputs = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output: shape as stored; real = scale * (stored - zero_point), scale 0.0 where it has none."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float
    zero_point: int


class Interpreter:
    """Runs a `.tflite` with the integers of one runtime, in NumPy.

    Args:
        model: a path, or the file's bytes.
        numerics: "xnnpack" (LiteRT's default), "litert" (its reference kernels) or "tflm" (TFLite Micro).

    Raises:
        TfqError: the file cannot be read, or numerics is none of the three.
        Unsupported: ops or types without a definition, all of them named at once.
    """

    def __init__(self, model: str | os.PathLike | bytes, numerics: str = "xnnpack"):
        self.profile = profile_named(numerics)
        self.model: Model = read(model)
        graph = self.model.main
        self.steps: tuple[Step, ...] = plan(graph, self.profile)
        self._portion = _samples_at_once([graph.tensors[i] for step in self.steps for i in step.outputs])
        inputs, outputs = _names(self.model)
        self.inputs = tuple(_info(graph.tensors[i], name) for i, name in zip(graph.inputs, inputs, strict=True))
        self.outputs = tuple(_info(graph.tensors[i], name) for i, name in zip(graph.outputs, outputs, strict=True))

    def run(self, inputs: Inputs) -> list[np.ndarray]:
        """The outputs in file order, B samples stacked along the first axis like the inputs.

        Args: inputs: an array (for one input), a sequence in file order, or a dict by name; of the stored dtype and of
        the stored shape, or with B times the stored first dimension, the same B for all.
        Raises: TfqError naming every input that is missing or of another shape or type, or that holds NaN.
        """
        arrays, samples = self._check(inputs)
        parts = []
        for first in range(0, samples, self._portion):
            size = min(self._portion, samples - first)
            part = [_rows(info, array, first, size) for info, array in zip(self.inputs, arrays, strict=True)]
            parts.append(self._outputs(part, size))
        return [np.concatenate(each) if len(each) > 1 else each[0] for each in zip(*parts, strict=True)]

    def trace(self, inputs: Inputs) -> Iterator[tuple[int, int, np.ndarray]]:
        """(op index, tensor index, array) of each tensor that an op computes, in order.

        Nothing is kept here once its last reader has run; the whole batch goes through at once. Do not write to the
        arrays. Raises: as `run`; TfqError for several samples where a tensor without dimensions cannot hold them.
        """
        arrays, samples = self._check(inputs)
        if samples > 1 and any(not t.shape for step in self.steps for t in step.node.outputs):
            raise TfqError(f"this model computes scalars: trace one sample at a time, received {samples}")
        return self._trace(arrays, samples)

    def step(self, op_index: int, arrays: Sequence[np.ndarray | None]) -> list[np.ndarray]:
        """The outputs of one op from given inputs, one per input of the op; None stands for the file's own constant."""
        step = self.steps[op_index]
        pairs = list(zip(step.node.inputs, arrays, strict=True))
        given = [tensor.data if array is None and tensor is not None else array for tensor, array in pairs]
        counts = [
            array.shape[0] // tensor.shape[0]
            for tensor, array in pairs
            if array is not None and tensor is not None and tensor.data is None and tensor.shape and tensor.shape[0]
        ]
        return step.evaluate(given, max(counts, default=1))

    def reset(self) -> None:
        """Forgets what earlier runs left behind, in models that keep state."""

    def _trace(self, arrays: Sequence[np.ndarray], samples: int) -> Iterator[tuple[int, int, np.ndarray]]:
        graph = self.model.main
        values = {i: t.data for i, t in enumerate(graph.tensors) if t.data is not None}
        values |= dict(zip(graph.inputs, arrays, strict=True))
        for step in self.steps:
            computed = step.evaluate([values[i] if i >= 0 else None for i in step.inputs], samples)
            values |= zip(step.outputs, computed, strict=True)
            yield from ((step.node.index, i, array) for i, array in zip(step.outputs, computed, strict=True))
            del computed
            for i in step.frees:
                values.pop(i, None)

    def _outputs(self, arrays: Sequence[np.ndarray], samples: int) -> list[np.ndarray]:
        graph = self.model.main
        found = dict(zip(graph.inputs, arrays, strict=True))
        for i in graph.outputs:
            data = graph.tensors[i].data
            if data is not None:
                found[i] = np.concatenate([data] * samples) if data.ndim else data
        found |= {i: array for _, i, array in self._trace(arrays, samples) if i in graph.outputs}
        return [found[i] for i in graph.outputs]

    def _check(self, inputs: Inputs) -> tuple[list[np.ndarray], int]:
        """The arrays in file order, and how many samples they hold."""
        arrays = _in_file_order(inputs, self.inputs)
        wrong = [text for info, array in zip(self.inputs, arrays, strict=True) if (text := _wrong(info, array))]
        if wrong:
            raise TfqError("; ".join(wrong))
        counts = {
            info.name: array.shape[0] // info.shape[0]
            for info, array in zip(self.inputs, arrays, strict=True)
            if info.shape and info.shape[0]
        }
        if len(set(counts.values())) > 1:
            raise TfqError(f"all inputs must hold the same number of samples, received {counts}")
        return arrays, max(counts.values(), default=1)


def _samples_at_once(computed: Sequence[Tensor]) -> int:
    """How many samples `run` stacks: as many as fit, one where a tensor has no dimension to stack along."""
    if any(not tensor.shape for tensor in computed):
        return 1
    return max(1, _PORTION // max(1, 1, *(math.prod(t.shape) * t.dtype.itemsize for t in computed)))


def _rows(info: TensorInfo, array: np.ndarray, first: int, size: int) -> np.ndarray:
    """Samples first, first + 1, ... of an input; all of one without dimensions."""
    return array[first * info.shape[0] : (first + size) * info.shape[0]] if info.shape else array


def _in_file_order(inputs: Inputs, infos: Sequence[TensorInfo]) -> list[np.ndarray]:
    names = [info.name for info in infos]
    if isinstance(inputs, Mapping):
        if set(inputs) != set(names):
            raise TfqError(f"inputs: expected {names}, received {list(inputs)}")
        return [np.asarray(inputs[name]) for name in names]
    arrays = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    if len(arrays) != len(names):
        raise TfqError(f"inputs: expected {len(names)} in file order {names}, received {len(arrays)}")
    return [np.asarray(array) for array in arrays]


def _wrong(info: TensorInfo, array: np.ndarray) -> str:
    """What is wrong with an input, or nothing."""
    expected = f"input {info.name!r}: expected {info.dtype} of shape {info.shape} (or B times its first dimension)"
    fits = array.ndim == len(info.shape) and array.shape[1:] == info.shape[1:]
    if fits and info.shape and info.shape[0]:
        fits = array.shape[0] > 0 and array.shape[0] % info.shape[0] == 0
    if not fits or array.dtype != info.dtype:
        return f"{expected}, received {array.dtype} of shape {array.shape}"
    if array.dtype.kind == "f" and np.isnan(array).any():
        return f"input {info.name!r} holds NaN; give numbers"
    return ""


def _info(tensor: Tensor, name: str) -> TensorInfo:
    if tensor.type not in NUMPY_TYPES:
        raise Unsupported(f"input or output {name!r}: type {tensor.type} has no array form")
    affine = tensor.quantization
    if affine is None or affine.scale.size == 0:
        return TensorInfo(name, tensor.shape, tensor.dtype, 0.0, 0)
    return TensorInfo(name, tensor.shape, tensor.dtype, float(affine.scale[0]), int(affine.zero_point[0]))


def _names(model: Model) -> tuple[list[str], list[str]]:
    """Names of the main subgraph's inputs and outputs: the signature's where there is one, else the tensors'."""
    graph: Subgraph = model.main
    named = [s for s in model.signatures if s.subgraph == 0]
    signature = named[0] if len(named) == 1 else None
    inputs, outputs = (signature.inputs, signature.outputs) if signature else ((), ())
    return _names_of(graph, graph.inputs, inputs), _names_of(graph, graph.outputs, outputs)


def _names_of(graph: Subgraph, indices: Sequence[int], pairs: Sequence[tuple[str, int]]) -> list[str]:
    # A tensor may be an output twice, under two names: each name serves once.
    names: dict[int, list[str]] = {}
    for name, tensor in pairs:
        names.setdefault(tensor, []).append(name)
    return [names[i].pop(0) if names.get(i) else graph.tensors[i].name for i in indices]
