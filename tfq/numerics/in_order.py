"""Sums of float32 products one after the other, in the order of a kernel's loops.

    rounded   total = f32(total + f32(a[k] * b[k]))      the reference kernels, from 0; they add the bias at the end
    fused     total = f32(total + a[k] * b[k])           XNNPACK's, from the bias, on processors with fused products

Rows of the window, its columns, channels; XNNPACK's depthwise kernels go through columns before rows. Padding adds
0 * w, which changes nothing (weights that are not finite aside). The wheels' compilers neither reorder nor fuse the
reference's sums. The fused sum is computed in float64, where the product is exact, and rounded to float32: a second
rounding that shows in about one sum in 2**29.

Source: google-ai-edge/LiteRT tflite/kernels/internal/reference/conv.h, depthwiseconv_float.h, fully_connected.h;
google/XNNPACK src/f32-gemm, src/f32-igemm, src/f32-dwconv.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from tfq.numerics.accumulate import Product

# Values that one pass runs over: few enough for the processor's cache.
_CHUNK = 2**15


def _matrix(a: np.ndarray, b: np.ndarray, out: np.ndarray, precision: Any) -> None:
    """out [M, O] += a [M, K] @ b [K, O], for every element k by k; products are of that precision."""
    columns = b.astype(precision, copy=False)
    step = max(1, _CHUNK // max(1, out.shape[1]))
    for first in range(0, len(a), step):
        part = out[first : first + step]
        rows = a[first : first + step].T.astype(precision, order="C")
        # The longer of M and O is the inner loop.
        turned = part.shape[0] > part.shape[1]
        total = np.ascontiguousarray(part.T if turned else part)
        term = np.empty(total.shape, precision)
        for row, column in zip(rows, columns, strict=True):
            left, right = (column, row) if turned else (row, column)
            np.multiply(left[:, None], right, out=term)
            np.add(total, term, out=total, dtype=precision, casting="same_kind")
        part[...] = total.T if turned else total


def _taps(view: np.ndarray, kernel: np.ndarray, out: np.ndarray, precision: Any, columns_first: bool) -> None:
    """out [N, H, R, C] += sum over i, j of view [N, H, R, i, j, C] * kernel [i, j, C]."""
    weights = kernel.astype(precision, copy=False)
    term = np.empty(out.shape, precision)
    for i, j in _places(kernel.shape[0], kernel.shape[1], columns_first):
        np.multiply(view[:, :, :, i, j], weights[i, j], out=term, dtype=precision)
        np.add(out, term, out=out, dtype=precision, casting="same_kind")


def _places(rows: int, columns: int, columns_first: bool) -> Iterator[tuple[int, int]]:
    if columns_first:
        return ((i, j) for j in range(columns) for i in range(rows))
    return np.ndindex(rows, columns)


def _product(precision: Any, columns_first: bool = False, backwards: bool = False) -> Product:
    taps = partial(_taps, precision=precision, columns_first=columns_first)
    return Product(partial(_matrix, precision=precision), taps, True, backwards)


ROUNDED = _product(np.float32, backwards=True)
FUSED = _product(np.float64)
FUSED_COLUMNS_FIRST = _product(np.float64, columns_first=True)
