"""Cases of ops with one operand, run over every code of its type; float results within 1e-5 of the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, hash_of, model_of, patterns
from tfq import runtimes
from tfq.interpreter import Interpreter
from tfq.tflite.model import NUMPY_TYPES

LITERT_KERNELS = ("litert", "xnnpack")
CODES = {"INT8": 256, "UINT8": 256, "INT16": 65536}
CLOSE = 1e-5


def element(
    code: str,
    name: str,
    scale: float = 0.05,
    zero_point: int = 0,
    y: tuple[float, int] = (0.05, 0),
    *,
    type: str = "INT8",
    options: Mapping[str, Any] | None = None,
    only: Sequence[str] = (),
    shape: Sequence[int] = (),
    **more,
) -> Case:
    """A case of one operand and its output of the same type. only: by default all, without tflm for uint8."""
    shape = shape or ((1, CODES[type]) if type in CODES else (1, 5, 6, 7))
    inputs = (activation("x", shape, scale, zero_point, type),)
    only = only or (LITERT_KERNELS if type == "UINT8" else RUNTIMES)
    return Case(name, code, inputs, (activation("y", shape, *y, type),), options or {}, only=tuple(only), **more)


def all_codes(type: str, first: int | None = None) -> np.ndarray:
    """[1, codes]: each code of the type once; `first` for those below it."""
    limits = np.iinfo(NUMPY_TYPES[type])
    codes = np.arange(limits.min, limits.max + 1).astype(NUMPY_TYPES[type])
    return (codes if first is None else np.maximum(codes, np.asarray(first, codes.dtype))).reshape(1, -1)


def check_codes(case: Case, numerics: str, first: int | None = None) -> None:
    """tfq and the runtime agree on every code; `first`: the lowest code that the kernel defines."""
    check(case, numerics, [all_codes(case.inputs[0].type, first)])


def reals(shape: Sequence[int], large: float = 1e20, seed: int = 0) -> np.ndarray:
    """float32 of every size and sign up to `large`, zeros and halves; three samples of the shape.

    Nothing below the normal range: XNNPACK flushes it to 0. Well beyond 1e20 some of its kernels answer NaN.
    """
    rng = np.random.default_rng(seed)
    size = 3 * int(np.prod(shape))
    sizes = rng.normal(0, 1, size) * 10.0 ** rng.integers(-6, 3, size)
    kinds = [sizes, rng.integers(-16, 17, size) / 2, rng.choice([0.0, -0.0, large, -large, 88.0, -88.0, 1e-36], size)]
    values = np.choose(rng.integers(0, 5, size) % 3, kinds).astype(np.float32)
    return values.reshape(3 * shape[0], *shape[1:])


def check_close(case: Case, numerics: str, inputs: Sequence[np.ndarray] | None = None) -> None:
    """tfq and the runtime agree within 1e-5 of the largest finite output; a batch gives what its samples give alone."""
    if numerics not in case.only:
        pytest.skip(f"{numerics} has no defined result here")
    data = model_of(case)
    if inputs is None:
        rng = np.random.default_rng(hash_of(case.name))
        inputs = [patterns(t, rng, case.samples) for t in case.inputs if t is not None and t.data is None]
    interpreter = Interpreter(data, numerics=numerics)
    got = interpreter.run(list(inputs))
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    want = runtimes.run(numerics, data, list(inputs)).outputs
    for a, b in zip(got, want, strict=True):
        assert_close(a, b, f"{case} {numerics}")
    one = interpreter.run([x[: t.shape[0]] for x, t in zip(inputs, interpreter.inputs, strict=True)])
    for a, b in zip(one, got, strict=True):
        np.testing.assert_array_equal(a, b[: len(a)])


def assert_close(got: np.ndarray, want: np.ndarray, where: str) -> None:
    """Same dtype and shape, the same infinities and NaN, and finite values within 1e-5 of the largest."""
    assert (got.dtype, got.shape) == (want.dtype, want.shape), where
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite], where)
    largest = np.abs(want[finite]).max(initial=0)
    np.testing.assert_allclose(got[finite], want[finite], rtol=0, atol=CLOSE * largest, err_msg=where)
