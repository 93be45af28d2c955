"""Transposed convolutions: every input pixel adds its window of products to the output, `stride` pixels apart.

    out[y * stride - top + i, x * stride - left + j] += in[y, x] * w[i, j]

The window is the one with which a convolution of the output would give the input: its padding is cut off. Integers are
exact as in accumulate.py; x - z is formed first, because the number of taps that an output pixel meets varies.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.accumulate import ANY_ORDER, Blocks, Product, Weights
from tfq.numerics.geometry import Window

# |x - z|, by dtype.
_LARGEST_STEP = {"int8": 255, "uint8": 255, "int16": 65535, "centred": 255}
# Values of output that one block holds, or one image.
_BLOCK = 2**17


def prepare(w: np.ndarray, codes: str = "int8") -> Weights:
    """w: [O, kh, kw, C]. codes: dtype of the input. matrix: [kh, kw, C, O]; sums: 0."""
    nothing = np.zeros(len(w), np.int64)
    matrix = w.transpose(1, 2, 3, 0)
    if codes == "float32":
        return Weights(np.ascontiguousarray(matrix, np.float32), nothing, nothing)
    bounds = np.abs(w.astype(np.int64)).sum(axis=(1, 2, 3)) * _LARGEST_STEP[codes]
    dtype = np.float32 if bounds.max(initial=0) < 2**24 else np.float64
    return Weights(np.ascontiguousarray(matrix, dtype), nothing, bounds)


def blocks(
    x: np.ndarray,
    border: int,
    weights: Weights,
    window: Window,
    size: tuple[int, int],
    product: Product = ANY_ORDER,
) -> Blocks:
    """Sums of (x - border) * w, x: [N, H, W, C], for an output of that (height, width)."""
    outputs = weights.matrix.shape[3]
    images = max(1, min(len(x), _BLOCK // max(1, size[0] * size[1] * outputs)))
    for first in range(0, len(x), images):
        steps = np.subtract(x[first : first + images], border, dtype=weights.matrix.dtype)
        total = _scattered(steps, weights, window, size, product)
        yield first * size[0] * size[1], total.reshape(-1, outputs)


def _scattered(
    steps: np.ndarray, weights: Weights, window: Window, size: tuple[int, int], product: Product
) -> np.ndarray:
    """The sums of a few images, [n, *size, O]."""
    kernel, (stride_h, stride_w) = weights.matrix, window.stride
    n, h, w, depth = steps.shape
    top, _, left, _ = window.pads(*size)
    reach = ((h - 1) * stride_h + kernel.shape[0], (w - 1) * stride_w + kernel.shape[1])
    whole = (n, max(reach[0], top + size[0]), max(reach[1], left + size[1]), kernel.shape[3])
    total = np.empty(whole, kernel.dtype)
    total[...] = weights.start
    rows = steps.reshape(-1, depth)
    part = np.empty((len(rows), kernel.shape[3]), kernel.dtype)
    places = list(np.ndindex(kernel.shape[:2]))
    for i, j in reversed(places) if product.backwards else places:
        met = total[:, i : i + (h - 1) * stride_h + 1 : stride_h, j : j + (w - 1) * stride_w + 1 : stride_w]
        if product.continues:
            part.reshape(met.shape)[...] = met
            product.matrix(rows, kernel[i, j], out=part)
            met[...] = part.reshape(met.shape)
        else:
            product.matrix(rows, kernel[i, j], out=part)
            met += part.reshape(met.shape)
    return np.ascontiguousarray(total[:, top : top + size[0], left : left + size[1]])
