"""BATCH_MATMUL of float32 x and int8 w: each row of x is quantized to 8 bits as it comes (numerics/dynamic_range).

With s the row's scale, s_w that of w, or of each of its columns, and acc the exact sum of (code - zero point) * w:
    litert: y = f32(acc) * f32(s * s_w);   xnnpack, for a constant w: y = f32(f32(acc) * s) * s_w
LiteRT finds the rows' scales for one batch axis of x at most; others are refused, as is w computed by the file in
xnnpack, which reads it wrongly. TFLite Micro has none.

Source: google-ai-edge/LiteRT tflite/kernels/batch_matmul.cc EvalHybrid, internal/reference/batch_matmul.h;
google/XNNPACK src/qd8-f32-qc8w-gemm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfq.numerics import dynamic_range
from tfq.numerics.profiles import LITERT, XNNPACK, Profile
from tfq.ops import hybrid_rows
from tfq.ops.checks import given
from tfq.ops.contract import Node, affine_of

Product = Callable[[np.ndarray, np.ndarray], np.ndarray]
_EXACT = 512


def _scales(node: Node) -> np.ndarray:
    """float32, one or one per column of w. Raises Unsupported for others and for zero points other than 0."""
    w, grid = given(node, 1), affine_of(node, given(node, 1))
    scale = np.atleast_1d(grid.scale)
    columns = len(w.shape) - (2 if node.options.get("adj_y", False) else 1)
    per_column = scale.size > 1 and w.quantization is not None and w.quantization.axis == columns
    if np.any(grid.zero_point) or (scale.size > 1 and not per_column):
        raise node.unsupported("w must have one scale, or one per column, and the zero point 0")
    return scale


def _sums(steps: np.ndarray, w: np.ndarray) -> np.ndarray:
    dtype = np.float32 if w.shape[-2] <= _EXACT else np.float64
    return np.matmul(steps.astype(dtype, copy=False), w.astype(dtype)).astype(np.float32, copy=False)


def _litert(node: Node) -> Product:
    scale, asymmetric = _scales(node), bool(node.options.get("asymmetric_quantize_inputs", False))
    x, w = given(node).shape, given(node, 1).shape
    # A single matrix w multiplies the last batch axis of x as further rows.
    merged = not node.options.get("adj_x", False) and len(x) > 2 and len(w) > 2 and w[-3] == 1
    batch = [[size for size in shape if size > 1] for shape in (x[: -3 if merged else -2], w[:-2])]
    if len(batch[0]) > 1 or (asymmetric and len(batch[1]) > 1):
        raise node.unsupported(f"LiteRT mixes up the scales of {list(x)} with {list(w)}: one batch axis at most")

    def product(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        rows = hybrid_rows.quantized(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), asymmetric)
        with np.errstate(all="ignore"):
            return _sums(rows.steps.reshape(x.shape), w) * (rows.scale.reshape(*x.shape[:-1], 1) * scale)

    return product


def _xnnpack(node: Node) -> Product:
    scale = _scales(node)
    if given(node, 1).data is None:
        raise node.unsupported("XNNPACK takes a constant w only")

    def product(x: np.ndarray, w: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            rows = dynamic_range.xnnpack(np.ascontiguousarray(x).reshape(-1, x.shape[-1]))
            return _sums(rows.steps.reshape(x.shape), w) * rows.scale.reshape(*x.shape[:-1], 1) * scale

    return product


PRODUCTS = {LITERT: _litert, XNNPACK: _xnnpack}


def product_of(node: Node, profile: Profile) -> Product:
    """x [..., M, K], w [..., K, N] -> y. Raises Unsupported for scales and shapes that the kernel does not take."""
    return PRODUCTS[profile](node)
