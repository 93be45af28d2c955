"""Products of float32 rows with int8 weights in recurrent kernels: each row is quantized to 8 bits as it comes.

With s the row's scale and s_w the weights': f32(acc) * f32(s_w * s), acc the exact sum of (code - zero point) * w.

A weight of -128 (converters write none) is taken wrongly by LiteRT's SSE code for negative codes; not so here.

Source: google-ai-edge/LiteRT tflite/kernels/internal/tensor_utils.h MatrixBatchVectorMultiplyAccumulate,
BatchQuantizeFloats.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import dynamic_range
from tfq.numerics.dynamic_range import Rows
from tfq.ops.checks import given
from tfq.ops.contract import Node, affine_of

# Sums of products of 9-bit and 8-bit numbers stay exact in float32 up to this many.
_EXACT = 512


def quantized(x: np.ndarray, asymmetric: bool) -> Rows:
    """float32 [B, I] -> its codes and scales."""
    with np.errstate(all="ignore"):
        return dynamic_range.asymmetric(x) if asymmetric else dynamic_range.symmetric(x)


def product(rows: Rows, weights: np.ndarray, scale: np.float32) -> np.ndarray:
    """float32 [B, O] of rows [B, I] and weights, int8 [O, I]."""
    dtype = np.float32 if weights.shape[1] <= _EXACT else np.float64
    acc = rows.steps.astype(dtype, copy=False) @ weights.T.astype(dtype)
    with np.errstate(all="ignore"):
        return acc.astype(np.float32, copy=False) * (scale * rows.scale)[:, None]


def scale_of(node: Node, position: int) -> np.float32:
    """The weights' one scale. Raises Unsupported for none or several, and for a zero point other than 0."""
    grid = affine_of(node, given(node, position))
    if np.ndim(grid.scale) or grid.zero_point != 0:
        raise node.unsupported(f"input {position} must have one scale and the zero point 0")
    return np.float32(grid.scale)
