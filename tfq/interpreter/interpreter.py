"""The interpreter: one loop over a `.tflite` under one profile.

A batch goes through in one call: B samples are stacked along axis 0 of every tensor (shape [B * stored, ...]), and give
the integers that they give one by one. Ops that would mix them run sample by sample.

Models that keep state (variable tensors, resource variables, ops that remember) run a batch sample by sample, in order:
each sample sees what the one before it left, and so does the next run, until `reset()`.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.interpreter.memory import Memory
from tfq.interpreter.plan import Plan, plans
from tfq.interpreter.step import ShapeChanged, Step
from tfq.interpreter.walk import Walk
from tfq.numerics.profiles import profile_named
from tfq.tflite import Model, Signature, Subgraph, Tensor, read
from tfq.tflite.model import NUMPY_TYPES

Inputs = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output: shape as stored; real = scale * (stored - zero_point), scale 0.0 where it has none.

    free: the axes that may have another size than the stored one.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float
    zero_point: int
    free: tuple[int, ...] = ()


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
        self._memory = Memory()
        named = [s for s in self.model.signatures if s.subgraph == 0]
        self._enter(0, named[0] if len(named) == 1 else None)

    def _enter(self, number: int, signature: Signature | None) -> None:
        self._number = number
        self._plans: dict[int, Plan] = plans(self.model, number, self.profile)
        plan = self._plans[number]
        self._portion = plan.samples
        self.inputs = _infos(plan.graph, plan.graph.inputs, signature.inputs if signature else (), self.profile.resizes)
        self.outputs = _infos(plan.graph, plan.graph.outputs, signature.outputs if signature else (), False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The ops, in execution order, prepared."""
        return self._plans[self._number].steps

    @property
    def graph(self) -> Subgraph:
        """The subgraph that `run` runs."""
        return self._plans[self._number].graph

    @property
    def stacks(self) -> bool:
        """Whether samples go through together; False where order or shapes do not let them."""
        return self._portion > 1

    @property
    def keeps_state(self) -> bool:
        """Whether a run may leave something behind for the next."""
        return any(step.remembers for plan in self._plans.values() for step in plan.steps)

    def signature(self, key: str) -> Interpreter:
        """An interpreter of another entry point of the same file; both share what is kept between runs.

        Raises: TfqError where the file has no signature of that name; Unsupported as for the file.
        """
        found = {s.key: s for s in self.model.signatures}
        if key not in found:
            raise TfqError(f"signature: expected one of {', '.join(found) or 'none'}, received {key!r}")
        other = copy.copy(self)
        other._enter(found[key].subgraph, found[key])
        return other

    def samples(self, inputs: Inputs) -> int:
        """How many samples the inputs hold. Raises TfqError as `run`."""
        return self._check(inputs)[1]

    def run(self, inputs: Inputs) -> list[np.ndarray]:
        """The outputs in file order, B samples stacked along the first axis like the inputs.

        Args: inputs: an array (for one input), a sequence in file order, or a dict by name; of the stored dtype and of
        the stored shape, or with B times the stored first dimension, the same B for all. Axes that the file leaves open
        may have any size.
        Raises: TfqError naming every input that is missing or of another shape or type, or that holds NaN.
        """
        arrays, samples = self._check(inputs)
        parts: list[list[np.ndarray]] = []
        sizes: list[int] = []
        done = 0
        while done < samples:
            size = min(self._portion if self._stored(arrays) else 1, samples - done)
            part = [_rows(info, array, done, size) for info, array in zip(self.inputs, arrays, strict=True)]
            try:
                parts.append(Walk(self._plans, self._memory, size).outputs(self._number, part, size))
            except ShapeChanged:
                self._portion = 1
                continue
            done += size
            sizes.append(size)
        return [_joined(each, sizes, info) for each, info in zip(zip(*parts, strict=True), self.outputs, strict=True)]

    def trace(self, inputs: Inputs) -> Iterator[tuple[int, int, np.ndarray]]:
        """(op index, tensor index, array) of each tensor that an op computes, in order.

        Nothing is kept here once its last reader has run; the whole batch goes through at once. Do not write to the
        arrays. Raises: as `run`; TfqError for several samples of a model that takes them one by one.
        """
        arrays, samples = self._check(inputs)
        if samples > 1 and not (self.stacks and self._stored(arrays)):
            raise TfqError(f"this model takes samples one by one: trace one at a time, received {samples}")
        walk = Walk(self._plans, self._memory, samples)
        return ((step.node.index, i, array) for step, i, array in walk.trace(self._number, arrays, samples))

    def step(
        self, op_index: int, arrays: Sequence[np.ndarray | None], memory: Memory | None = None
    ) -> list[np.ndarray]:
        """The outputs of one op from given inputs, one per input of the op; None stands for the file's own constant.

        memory: what the op reads and writes besides; None: the interpreter's own.
        """
        step = self.steps[op_index]
        memory = self._memory if memory is None else memory
        variables = memory.variables(self._number, self.graph)
        given = [_given(variables, *each) for each in zip(step.inputs, step.node.inputs, arrays, strict=True)]
        samples, stored = _samples_of(step, given)
        results, updated, _ = Walk(self._plans, memory, samples).step(step, given, samples, stored)
        variables |= updated
        return results

    def reset(self) -> None:
        """Forgets what earlier runs left behind, in models that keep state."""
        self._memory.clear()

    def _stored(self, arrays: Sequence[np.ndarray]) -> bool:
        """Whether the axes behind the first have the stored sizes."""
        return all(a.shape[1:] == info.shape[1:] for a, info in zip(arrays, self.inputs, strict=True))

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


def _given(
    variables: Mapping[int, np.ndarray], index: int, tensor: Tensor | None, array: np.ndarray | None
) -> np.ndarray | None:
    if array is not None or tensor is None:
        return array
    return tensor.data if tensor.data is not None else variables.get(index)


def _samples_of(step: Step, arrays: Sequence[np.ndarray | None]) -> tuple[int, bool]:
    """How many samples the inputs of an op hold, and whether they have the stored shapes."""
    pairs = [
        (tensor.shape, array.shape)
        for tensor, array in zip(step.node.inputs, arrays, strict=True)
        if array is not None and tensor is not None and tensor.data is None
    ]
    if step.params is None or any(len(want) != len(got) or want[1:] != got[1:] for want, got in pairs):
        return 1, False
    counts = {got[0] / want[0] for want, got in pairs if want and want[0]}
    if len(counts) > 1 or any(count % 1 or count < 1 for count in counts):
        return 1, False
    return int(max(counts, default=1)), True


def _joined(parts: Sequence[np.ndarray], sizes: Sequence[int], info: TensorInfo) -> np.ndarray:
    """Portions of an output, of `sizes` samples, as one array; scalars become a vector."""
    if len(parts) == 1:
        return parts[0]
    rows = [np.atleast_1d(part) for part in parts]
    if len({(len(part) / size, *part.shape[1:]) for part, size in zip(rows, sizes, strict=True)}) > 1:
        raise TfqError(f"output {info.name!r} has another shape for each sample: run one sample at a time")
    return np.concatenate(rows)


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
    fits = array.ndim == len(info.shape) and all(
        got == size or (axis in info.free and got > 0)
        for axis, (got, size) in enumerate(zip(array.shape, info.shape, strict=True))
        if axis
    )
    if fits and info.shape and info.shape[0]:
        fits = array.shape[0] > 0 and array.shape[0] % info.shape[0] == 0
    if not fits or array.dtype != info.dtype:
        return f"{expected}, received {array.dtype} of shape {array.shape}"
    if array.dtype.kind in "fc" and np.isnan(array).any():
        return f"input {info.name!r} holds NaN; give numbers"
    return ""


def _infos(
    graph: Subgraph, indices: Sequence[int], pairs: Sequence[tuple[str, int]], resizes: bool
) -> tuple[TensorInfo, ...]:
    """pairs: the signature's names, where there is one; else the tensors' count."""
    # A tensor may be an output twice, under two names: each name serves once.
    names: dict[int, list[str]] = {}
    for name, tensor in pairs:
        names.setdefault(tensor, []).append(name)
    return tuple(
        _info(graph.tensors[i], names[i].pop(0) if names.get(i) else graph.tensors[i].name, resizes) for i in indices
    )


def _info(tensor: Tensor, name: str, resizes: bool) -> TensorInfo:
    if tensor.type not in NUMPY_TYPES:
        raise Unsupported(f"input or output {name!r}: type {tensor.type} has no array form")
    signature = tensor.shape_signature if resizes else None
    free = tuple(axis for axis, size in enumerate(signature or ()) if size == -1)
    affine = tensor.quantization
    if affine is None or affine.scale.size == 0:
        return TensorInfo(name, tensor.shape, tensor.dtype, 0.0, 0, free)
    return TensorInfo(name, tensor.shape, tensor.dtype, float(affine.scale[0]), int(affine.zero_point[0]), free)
