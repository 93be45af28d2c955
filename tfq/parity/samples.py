"""Input integers that find differences: uniform, saturating, and around the zero point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfq.errors import TfqError
from tfq.tflite.model import Tensor

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
NEAR = 3


def uniform(rng: np.random.Generator, tensor: Tensor, shape: tuple[int, ...]) -> np.ndarray:
    """Every code equally often."""
    low, high = LIMITS[tensor.type]
    return rng.integers(low, high, shape, endpoint=True)


def saturating(rng: np.random.Generator, tensor: Tensor, shape: tuple[int, ...]) -> np.ndarray:
    """Only the lowest and the highest code: sums and clamps at their ends."""
    return rng.choice(np.asarray(LIMITS[tensor.type]), shape)


def near_zero(rng: np.random.Generator, tensor: Tensor, shape: tuple[int, ...]) -> np.ndarray:
    """Within 3 codes of the zero point: small sums, where rounding shows."""
    grid = tensor.quantization
    zero = int(grid.zero_point[0]) if grid is not None and grid.zero_point.size else 0
    return np.clip(zero + rng.integers(-NEAR, NEAR, shape, endpoint=True), *LIMITS[tensor.type])


# Sample s is of kind s modulo the number of kinds.
KINDS: tuple[Callable[[np.random.Generator, Tensor, tuple[int, ...]], np.ndarray], ...] = (
    uniform,
    saturating,
    near_zero,
)


def generate(tensors: tuple[Tensor, ...], samples: int, seed: int) -> list[np.ndarray]:
    """For each input, `samples` samples stacked along the first axis; the same for the same seed, sample by sample.

    An input without axes has one value for all samples.

    Raises: TfqError for input types that have no values to draw.
    """
    wrong = [f"{t.name!r} ({t.type})" for t in tensors if t.type not in LIMITS and t.type not in _OTHERS]
    if wrong:
        raise TfqError(f"no random values for input {', '.join(wrong)}: give data")
    rows = [[_one(np.random.default_rng([seed, s, i]), t, s) for s in range(samples)] for i, t in enumerate(tensors)]
    return [r[0] if t.shape == () else np.concatenate(r) for t, r in zip(tensors, rows, strict=True)]


def _one(rng: np.random.Generator, tensor: Tensor, sample: int) -> np.ndarray:
    if tensor.type in LIMITS:
        return KINDS[sample % len(KINDS)](rng, tensor, tensor.shape).astype(tensor.dtype)
    return np.asarray(_OTHERS[tensor.type](rng, tensor.shape)).astype(tensor.dtype)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape)


def _small(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    # Indices, lengths and flags more often than numbers: 0 and 1 are valid almost everywhere.
    return rng.integers(0, 1, shape, endpoint=True)


_OTHERS = {"FLOAT32": _normal, "FLOAT16": _normal, "FLOAT64": _normal, "BOOL": _small}
_OTHERS |= dict.fromkeys(("INT32", "INT64", "UINT16", "UINT32", "UINT64"), _small)
