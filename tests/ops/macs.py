"""Tensors and checks for tests of the multiply-accumulate ops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops.harness import Case, activation, bias, model_of, weights
from tfq import runtimes
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

LITERT_ONLY = ("litert", "xnnpack")
# Scales that put accumulators exactly between two integers.
TIES = 2.0 ** -np.arange(1, 9)
# The option that makes 16-bit kernels of LiteRT add in 32 bits.
NARROW = {"quantized_bias_type": "INT32"}


def operands(
    rng: np.random.Generator,
    x: Tensor,
    shape: tuple[int, ...],
    channels: int,
    *,
    scale,
    axis: int,
    zero: int,
    codes: int,
    weight_type: str,
    bias_range: tuple[int, int] | None,
    bias_type: str,
    computed: str,
) -> tuple[Tensor, ...]:
    """Weights within `codes` of their zero point and a bias with the products' scale (none where bias_range is None).

    FLOAT32: normal numbers. computed: "w", "b": inputs of the model, not constants.
    """
    if weight_type == "FLOAT32":
        shapes = {"w": shape} | ({"b": (channels,)} if bias_range is not None else {})
        reals = {name: rng.normal(size=size).astype(np.float32) for name, size in shapes.items()}
        return tuple(
            Tensor(name, v.shape, "FLOAT32", None, None if name in computed else v) for name, v in reals.items()
        )
    dtype = {"UINT8": np.uint8, "INT16": np.int16}.get(weight_type, np.int8)
    values = rng.integers(zero - codes, zero + codes, shape, endpoint=True)
    values = np.clip(values, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)
    found = [weights(values, scale, axis, zero, weight_type)]
    if bias_range is not None and x.type == "FLOAT32":
        found.append(Tensor("b", (channels,), "FLOAT32", None, rng.normal(size=channels).astype(np.float32)))
    elif bias_range is not None:
        products = x.quantization.scale * np.asarray(scale, np.float32)
        found.append(bias(rng.integers(*bias_range, channels, endpoint=True), bias_type, scale=products))
    return tuple(replace(tensor, data=None) if tensor.name in computed else tensor for tensor in found)


def image(name: str, shape: tuple[int, ...], grid: tuple[float, int], type: str) -> Tensor:
    """An activation; grid: (scale, zero point), not used for floats."""
    return activation(name, shape, *grid, type=type)


def check_refused(case: Case, numerics: str, words: str) -> None:
    """tfq refuses the case at load, with these words."""
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)


def check_close(case: Case, numerics: str, inputs: list[np.ndarray], tolerance: float = 1e-6) -> None:
    """Every element of each output within `tolerance` of the tensor's largest in the runtime."""
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    got = Interpreter(model_of(case), numerics=numerics).run(inputs)
    want = runtimes.run(numerics, model_of(case), inputs).outputs
    for a, b in zip(got, want, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert np.abs(a - b).max() <= tolerance * np.abs(b).max(), f"{case} {numerics}"
