"""One-op models, run by tfq.Interpreter and by the real runtimes on the same integers: every element must be equal.

A test of an op is a table of cases and one line:

    pytestmark = pytest.mark.parity

    CASES = (
        Case("plain", "CONV_2D", (activation("x", (1, 5, 5, 3)), weights(w), bias(b)), (activation("y", ...),), {...}),
    )

    @pytest.mark.parametrize("numerics", RUNTIMES)
    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_conv_2d(case, numerics):
        check(case, numerics)

Ties are made by the scales: a power of two over a power of two puts accumulators exactly between two integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tfq import runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import Model, Operator, Quantization, Signature, Subgraph, Tensor, write

RUNTIMES = ("litert", "xnnpack", "tflm")


@dataclass(frozen=True, eq=False)
class Case:
    """One op. inputs: tensors with data are constants, the others the model's inputs; None for an absent one.

    only: the runtimes that run the case with a defined result; for the others nothing is compared.
    samples: how many of each pattern (random, extreme, near the zero point) go in as one batch.
    """

    name: str
    code: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    intermediates: tuple[Tensor | None, ...] = ()
    only: tuple[str, ...] = RUNTIMES
    samples: int = 4

    def __str__(self) -> str:
        return self.name


def activation(name: str, shape: Sequence[int], scale: float = 0.1, zero_point: int = 0, type: str = "INT8") -> Tensor:
    """A computed tensor (an input or output of the model) with one scale."""
    quantized = None if type in ("FLOAT32", "INT32", "INT64", "BOOL") else quantization(scale, zero_point)
    return Tensor(name, tuple(shape), type, quantized)


def weights(data, scale=0.02, axis: int = 0, zero_point: int = 0, type: str = "INT8") -> Tensor:
    """A constant with one scale, or one per channel along `axis`."""
    data = np.asarray(data)
    return Tensor("w", data.shape, type, quantization(scale, zero_point, axis), data)


def bias(data, type: str = "INT32", scale=1.0) -> Tensor:
    """A constant bias. Runtimes want a scale for it: one, or one per channel where the weights have one per channel."""
    data = np.asarray(data, np.int32 if type == "INT32" else np.int64)
    return Tensor("b", data.shape, type, quantization(scale), data)


def constant(name: str, data, type: str = "INT32") -> Tensor:
    """A constant without scale: axes, shapes, paddings."""
    data = np.asarray(data, {"INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}[type])
    return Tensor(name, data.shape, type, None, data)


def quantization(scale, zero_point=0, axis: int = 0) -> Quantization:
    scale = np.atleast_1d(np.asarray(scale, np.float32))
    return Quantization(scale, np.broadcast_to(np.asarray(zero_point, np.int64), scale.shape).copy(), axis)


def model_of(case: Case) -> bytes:
    """The case as a `.tflite` with one op. The same Tensor object twice is one tensor with two readers."""
    tensors: list[Tensor] = []

    def place(tensor: Tensor | None) -> int:
        if tensor is None:
            return -1
        for i, known in enumerate(tensors):
            if known is tensor:
                return i
        tensors.append(tensor)
        return len(tensors) - 1

    inputs = tuple(place(t) for t in case.inputs)
    outputs = tuple(place(t) for t in case.outputs)
    fed = tuple(dict.fromkeys(i for i in inputs if i >= 0 and is_fed(tensors[i])))
    within = tuple(place(t) for t in case.intermediates)
    operator = Operator(case.code, inputs, outputs, case.options, case.version, intermediates=within)
    named = [tuple((tensors[i].name, i) for i in ends) for ends in (fed, outputs)]
    graph = Subgraph(tuple(tensors), (operator,), fed, outputs, "main")
    return write(Model((graph,), (Signature("serving_default", *named),)))


def is_fed(tensor: Tensor) -> bool:
    """Whether the tensor is an input of the model: neither a constant nor a state that the model keeps."""
    return tensor.data is None and not tensor.is_variable


def patterns(tensor: Tensor, rng: np.random.Generator, samples: int) -> np.ndarray:
    """Stored values for an input, 3 * samples of them stacked: uniform, only the extremes, near the zero point."""
    shape = (samples * tensor.shape[0], *tensor.shape[1:]) if tensor.shape else ()
    if tensor.dtype.kind == "f":
        kinds = [
            rng.normal(0, 3, shape),
            rng.choice([-1e30, -1.0, 0.0, 1.0, 1e30], shape),
            rng.integers(-8, 9, shape) / 2,
        ]
    elif tensor.dtype.kind == "b":
        kinds = [rng.integers(0, 2, shape) for _ in range(3)]
    else:
        limits = np.iinfo(tensor.dtype)
        zero = 0 if tensor.quantization is None else int(tensor.quantization.zero_point[0])
        near = np.clip(zero + rng.integers(-3, 4, shape), limits.min, limits.max)
        extremes = np.where(rng.integers(0, 2, shape), limits.max, limits.min)
        kinds = [rng.integers(limits.min, limits.max + 1, shape), extremes, near]
    return (
        np.concatenate([np.asarray(k).astype(tensor.dtype) for k in kinds]) if shape else kinds[0].astype(tensor.dtype)
    )


def check(case: Case, numerics: str, inputs: Sequence[np.ndarray] | None = None) -> None:
    """tfq and the runtime give the same integers on every element; a batch gives what its samples give one by one.

    Skips where the runtime is not installed or not in `case.only`.
    """
    if numerics not in case.only:
        pytest.skip(f"{numerics} has no defined result here")
    data = model_of(case)
    if inputs is None:
        rng = np.random.default_rng(abs(hash_of(case.name)))
        fed = dict.fromkeys(t for t in case.inputs if t is not None and is_fed(t))
        inputs = [patterns(t, rng, case.samples) for t in fed]
    interpreter = Interpreter(data, numerics=numerics)
    got = interpreter.run(list(inputs))
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    want = runtimes.run(numerics, data, list(inputs)).outputs
    assert len(got) == len(want)
    for info, a, b in zip(interpreter.outputs, got, want, strict=True):
        assert_equal(a, b, f"{case} {numerics} {info.name}")
    interpreter.reset()
    first = interpreter.run([_first_sample(info.shape, x) for info, x in zip(interpreter.inputs, inputs, strict=True)])
    for info, one, all_ in zip(interpreter.outputs, first, got, strict=True):
        assert_equal(one, _first_sample(info.shape, all_), f"{case} {numerics} {info.name}: one by one")


def assert_equal(got: np.ndarray, want: np.ndarray, where: str) -> None:
    """Same dtype, same shape, same bits; a failure shows the first elements that differ."""
    assert (got.dtype, got.shape) == (want.dtype, want.shape), where
    differs = (got != want) & ~((got != got) & (want != want))
    if differs.any():
        places = np.argwhere(differs)
        shown = ", ".join(f"{tuple(map(int, p))}: {got[tuple(p)]} for {want[tuple(p)]}" for p in places[:5])
        pytest.fail(f"{where}: {len(places)} of {got.size} differ, {shown}")


def hash_of(text: str) -> int:
    """A seed that does not change between processes."""
    return int.from_bytes(text.encode()[:8].ljust(8, b"."), "little")


def _first_sample(stored: Sequence[int], array: np.ndarray) -> np.ndarray:
    return array[: stored[0]] if stored else array
