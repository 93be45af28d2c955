"""Sums of float32 products in the order of the built-in kernels: one after the other, each product and sum rounded.

    total = 0; for k: total = f32(total + f32(a[k] * b[k]))

The order is that of a kernel's loops: rows of the window, its columns, channels. Padding adds 0 * w, which changes
nothing (weights that are not finite aside). The compilers of the wheels neither reorder nor fuse these sums.

Source: google-ai-edge/LiteRT tflite/kernels/internal/reference/conv.h, depthwiseconv_float.h, fully_connected.h.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.accumulate import Product


def matrix(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """a [M, K] @ b [K, O] into out [M, O], for every element k by k."""
    rows, columns = np.ascontiguousarray(a.T), b
    # The longer of M and O is the inner loop.
    turned = out.shape[0] > out.shape[1]
    total = np.zeros(out.shape[::-1] if turned else out.shape, np.float32)
    term = np.empty_like(total)
    for row, column in zip(rows, columns, strict=True):
        left, right = (column, row) if turned else (row, column)
        np.multiply(left[:, None], right, out=term)
        np.add(total, term, out=total)
    out[...] = total.T if turned else total


def taps(view: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
    """sum over i, j of view [N, H, R, i, j, C] * kernel [i, j, C] into out [N, H, R, C]."""
    out[...] = 0
    term = np.empty_like(out)
    for i, j in np.ndindex(kernel.shape[:2]):
        np.multiply(view[:, :, :, i, j], kernel[i, j], out=term)
        np.add(out, term, out=out)


IN_ORDER = Product(matrix, taps)
