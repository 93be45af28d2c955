"""Ops that move data, in every type: what a runtime runs, tfq runs alike; what it refuses, tfq refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tests.ops.harness import Case, assert_equal, check, hash_of, model_of, quantization
from tfq import TfqError, Unsupported, runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import NUMPY_TYPES, Tensor

TYPES = (
    *("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64"),
    *("BOOL", "FLOAT32", "FLOAT16", "FLOAT64", "COMPLEX64"),
)
Check = Callable[[Case, str, Sequence[np.ndarray]], None]
LITERT_KERNELS = ("litert", "xnnpack")
SCALED = ("INT8", "UINT8", "INT16")


def tensor(name: str, shape: Sequence[int], type: str = "INT8", grid: tuple[float, int] | None = (0.1, 0)) -> Tensor:
    """A computed tensor; 8- and 16-bit integers have a scale unless `grid` is None."""
    scaled = type in SCALED and grid is not None
    return Tensor(name, tuple(shape), type, quantization(*grid) if scaled else None)


def values(name: str, data, type: str = "INT32", grid: tuple[float, int] | None = None) -> Tensor:
    """A constant."""
    array = np.asarray(data, NUMPY_TYPES[type])
    return Tensor(name, array.shape, type, quantization(*grid) if grid is not None else None, array)


def fed(case: Case) -> list[np.ndarray]:
    """Values for the case's computed inputs: two samples of each, all bits of integers, halves and large numbers."""
    rng = np.random.default_rng(abs(hash_of(case.name)))
    return [_fill(t, rng) for t in dict.fromkeys(t for t in case.inputs if t is not None and t.data is None)]


def _fill(tensor: Tensor, rng: np.random.Generator) -> np.ndarray:
    shape = (2 * tensor.shape[0], *tensor.shape[1:]) if tensor.shape else ()
    kind = tensor.dtype.kind
    if kind == "b":
        return np.asarray(rng.integers(0, 2, shape)).astype(np.bool_)
    if kind in "iu":
        limits = np.iinfo(tensor.dtype)
        return np.asarray(rng.integers(limits.min, limits.max, shape, tensor.dtype, endpoint=True))
    return np.asarray(rng.integers(-9, 10, shape) / 2 * rng.choice([1, 4096], shape)).astype(tensor.dtype)


def check_alone(case: Case, numerics: str, inputs: Sequence[np.ndarray]) -> None:
    """tfq and the runtime give the same values of whatever shape, which may differ from the stored one."""
    data = model_of(case)
    got = Interpreter(data, numerics=numerics).run(list(inputs))
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    for a, b in zip(got, runtimes.run(numerics, data, list(inputs)).outputs, strict=True):
        assert_equal(a, b, f"{case} {numerics}")


def agree(case: Case, numerics: str, inputs: Sequence[np.ndarray] | None = None, check: Check = check) -> None:
    """Where tfq runs the case it gives the runtime's values; where it refuses, the runtime refuses too."""
    inputs = fed(case) if inputs is None else inputs
    data = model_of(case)
    try:
        Interpreter(data, numerics=numerics)
    except Unsupported as refusal:
        if not runtimes.available(numerics):
            with pytest.raises((runtimes.RuntimeRefused, runtimes.RuntimeDied)):
                runtimes.run(numerics, data, list(inputs))
                pytest.fail(f"{case} {numerics}: the runtime runs it, tfq says {refusal}")
        return
    check(case, numerics, inputs)


def agree_in_types(case_of: Callable[[str], Case], numerics: str, types: Sequence[str] = TYPES) -> None:
    """`agree` for each type. tflite-micro's Python binding knows no 16-bit unsigned arrays."""
    for type in types:
        if not (numerics == "tflm" and type == "UINT16"):
            agree(case_of(type), numerics)


def refuses(case: Case, numerics: str) -> None:
    """tfq refuses the case when it loads it."""
    with pytest.raises(Unsupported, match=f"{case.code} "):
        Interpreter(model_of(case), numerics=numerics)


def refuses_values(case: Case, inputs: Sequence[np.ndarray], numerics: str = "litert") -> None:
    """tfq refuses these values when it runs the case, and so does the runtime."""
    interpreter = Interpreter(model_of(case), numerics=numerics)
    with pytest.raises(TfqError, match=f"{case.code} "):
        interpreter.run(list(inputs))
    if not runtimes.available(numerics):
        with pytest.raises((runtimes.RuntimeRefused, runtimes.RuntimeDied)):
            runtimes.run(numerics, model_of(case), list(inputs))
