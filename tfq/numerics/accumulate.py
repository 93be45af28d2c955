"""Exact integer convolutions and products in floating point, a block of output pixels at a time.

A sum of products of integers is exact in float32, in whatever order and with or without FMA, while every partial sum
stays within 2**24 in magnitude; in float64 within 2**53. `prepare_*` proves the bound from the weights themselves
(max over the output channels of sum |w|, times the largest code) and picks the narrower type that holds it.

    sum (x - z) * w = sum x * w - z * sum w      with the border filled with z, where x - z = 0

so the stored codes go into the product as they are, and `- z * sum w` belongs to the bias.

A block is (first row, acc): acc holds rows first, first + 1, ... of the output seen as [N * OH * OW, O]; the next block
overwrites it. Blocks are small enough for what follows (rescale, clamp, cast) to find them in the processor's cache.

Floats take the same way (codes "float32", border 0), where the order of the sums shows: it is the `Product`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tfq.numerics.geometry import Window

# By dtype; "centred" is 8 bits minus their zero point.
LARGEST_CODE = {"int8": 128, "uint8": 255, "int16": 32768, "centred": 255}

# Values in a block of accumulators, and in what is gathered for it: half a MiB and 2 MiB of float32.
_BLOCK, _GATHERED = 2**17, 2**19
# Values that one inner loop of the depthwise product runs over, at most.
_RUN = 4096

Blocks = Iterator[tuple[int, np.ndarray]]


@dataclass(frozen=True)
class Product:
    """matrix(a [M, K], b [K, O], out [M, O]); taps(view [N, H, R, kh, kw, C], kernel [kh, kw, C], out [N, H, R, C]).

    continues: they add to what `out` holds: `Weights.start`. backwards: a transposed convolution meets the taps of its
    window from the last to the first, as a loop over the input does.
    """

    matrix: Callable[..., Any]
    taps: Callable[..., Any]
    continues: bool = False
    backwards: bool = False


# In whatever order is fast: for integers, and for floats that need not be equal to the bit.
ANY_ORDER = Product(np.matmul, partial(np.einsum, "nhrijk,ijk->nhrk"))


@dataclass(frozen=True, eq=False)
class Weights:
    """matrix: whole numbers in float32 or float64, [groups, K, O / groups], or [kh, kw, columns * O] for depthwise.

    sums: int64 [O], sum of w. bounds: int64 [O], no partial sum of x * w exceeds them in magnitude. Of floats: zeros.
    start: [O] or one number, from which a product that continues starts.
    """

    matrix: np.ndarray
    sums: np.ndarray
    bounds: np.ndarray
    start: Any = 0.0


def _weights(w: np.ndarray, arrange: Callable[[np.ndarray], np.ndarray], axis: Any, codes: str) -> Weights:
    if codes == "float32":
        matrix = np.ascontiguousarray(arrange(w), np.float32)
        nothing = np.zeros(matrix.any(axis=axis).size, np.int64)
        return Weights(matrix, nothing, nothing)
    matrix = arrange(np.asarray(w, np.int64))
    bounds = np.abs(matrix).sum(axis=axis).reshape(-1) * LARGEST_CODE[codes]
    dtype = np.float32 if bounds.max(initial=0) < 2**24 else np.float64
    return Weights(np.ascontiguousarray(matrix, dtype), matrix.sum(axis=axis).reshape(-1), bounds)


def prepare_conv(w: np.ndarray, groups: int = 1, codes: str = "int8") -> Weights:
    """w: [O, kh, kw, C / groups]. codes: dtype of the input."""
    outputs = w.shape[0] // groups
    return _weights(w, lambda v: v.reshape(groups, outputs, -1).transpose(0, 2, 1), 1, codes)


def prepare_depthwise(w: np.ndarray, width: int = 1, codes: str = "int8") -> Weights:
    """w: [1, kh, kw, O]. width: of the usual output; the kernel is repeated for several of its columns."""
    single = _weights(w, lambda v: v[0], (0, 1), codes)
    repeated = np.tile(single.matrix, (1, 1, _columns_at_once(width, w.shape[3])))
    return Weights(repeated, single.sums, single.bounds)


def prepare_dense(w: np.ndarray, codes: str = "int8") -> Weights:
    """w: [O, K]."""
    return _weights(w, lambda v: v.T[None], 1, codes)


def conv_2d(x: np.ndarray, border: int, weights: Weights, window: Window, product: Product = ANY_ORDER) -> Blocks:
    """sum x * w over the window, x: codes [N, H, W, C] with `border` around. Each group sees its own C / groups."""
    groups, _, per_group = weights.matrix.shape
    if groups == 1 and window.kernel == window.stride == (1, 1):
        yield from dense(x.reshape(-1, x.shape[3]), weights, product)
        return
    dtype, outputs = weights.matrix.dtype, groups * per_group
    (oh, ow), taps = window.output_size(*x.shape[1:3]), window.kernel[0] * window.kernel[1]
    per_row = ow * max(outputs, taps * x.shape[3] * _BLOCK // _GATHERED)
    images, band = _images_and_rows(len(x), oh, per_row)
    columns = np.empty((groups, images * band * ow, taps * x.shape[3] // groups), dtype)
    acc = np.empty((images * band * ow, outputs), dtype)
    for first, image in _padded(x, border, window, dtype, images):
        for row in range(0, oh, band):
            shape = (len(image), min(band, oh - row), ow)
            size = shape[0] * shape[1] * ow
            _begin(product, acc[:size], weights)
            for group in range(groups):
                _gather(image, window, row, shape, group, columns[group, :size])
                part = acc[:size, group * per_group : (group + 1) * per_group]
                product.matrix(columns[group, :size], weights.matrix[group], out=part)
            yield (first * oh + row) * ow, acc[:size]


def depthwise_conv_2d(
    x: np.ndarray, border: int, weights: Weights, window: Window, product: Product = ANY_ORDER
) -> Blocks:
    """Each channel by its own kernels: output channel c * m + j reads input channel c. x: codes [N, H, W, C]."""
    dtype, outputs = weights.matrix.dtype, weights.sums.size
    if outputs != x.shape[3]:
        x = np.repeat(x, outputs // x.shape[3], axis=3)
    oh, ow = window.output_size(*x.shape[1:3])
    images, band = _images_and_rows(len(x), oh, ow * outputs)
    acc = np.empty((images * band * ow, outputs), dtype)
    run = weights.matrix.shape[2]
    if ow * outputs % run:
        run = outputs
    for first, image in _padded(x, border, window, dtype, images):
        taps, of_image, of_row, of_tap = _taps(image, window, ow)
        for row in range(0, oh, band):
            rows = min(band, oh - row)
            # taps [N, H, kw, OW * C] as [N, rows, runs, kh, kw, run]
            view = np.ndarray(
                (len(image), rows, ow * outputs // run, *window.kernel, run),
                dtype,
                taps,
                offset=row * window.stride[0] * of_row,
                strides=(
                    of_image,
                    of_row * window.stride[0],
                    run * dtype.itemsize,
                    of_row * window.dilation[0],
                    of_tap,
                    dtype.itemsize,
                ),
            )
            block = acc[: len(image) * rows * ow]
            out = block.reshape(view.shape[:3] + (run,))
            _begin(product, block, weights)
            product.taps(view, weights.matrix[:, :, :run], out=out)
            yield (first * oh + row) * ow, block


def dense(x: np.ndarray, weights: Weights, product: Product = ANY_ORDER) -> Blocks:
    """Rows times the matrix, x: codes [M, K]."""
    matrix = weights.matrix[0]
    rows = max(1, min(len(x), _BLOCK // max(1, matrix.shape[1]), _GATHERED // max(1, matrix.shape[0])))
    values, acc = np.empty((rows, matrix.shape[0]), matrix.dtype), np.empty((rows, matrix.shape[1]), matrix.dtype)
    for first in range(0, len(x), rows):
        size = min(rows, len(x) - first)
        np.copyto(values[:size], x[first : first + size])
        _begin(product, acc[:size], weights)
        product.matrix(values[:size], matrix, out=acc[:size])
        yield first, acc[:size]


def _begin(product: Product, acc: np.ndarray, weights: Weights) -> None:
    if product.continues:
        acc[...] = weights.start


def whole(blocks: Blocks, rows: int, weights: Weights) -> np.ndarray:
    """All accumulators at once, [rows, O]."""
    acc = np.empty((rows, weights.sums.size), weights.matrix.dtype)
    for first, block in blocks:
        acc[first : first + len(block)] = block
    return acc


def _images_and_rows(images: int, rows: int, per_row: int) -> tuple[int, int]:
    """How many images a block holds, or how many rows of one image."""
    if rows * per_row <= _BLOCK:
        return max(1, min(images, _BLOCK // max(1, rows * per_row))), rows
    return 1, max(1, _BLOCK // per_row)


def _columns_at_once(width: int, channels: int) -> int:
    """The largest divisor of `width` whose run of values fits, or `width` itself where only short runs would."""
    fitting = [d for d in range(1, width + 1) if width % d == 0 and d * channels <= _RUN] or [1]
    return fitting[-1] if 8 * fitting[-1] * channels >= min(_RUN, width * channels) else width


def _padded(
    x: np.ndarray, border: int, window: Window, dtype: np.dtype, count: int
) -> Iterator[tuple[int, np.ndarray]]:
    """(index of the first, images) as floats with the window's border, `count` images at a time in one buffer."""
    top, bottom, left, right = window.pads(*x.shape[1:3])
    n, h, w, c = x.shape
    buffer = np.full((count, h + top + bottom, w + left + right, c), border, dtype)
    for first in range(0, n, count):
        images = buffer[: min(count, n - first)]
        images[:, top : top + h, left : left + w] = x[first : first + count]
        yield first, images


def _gather(
    image: np.ndarray, window: Window, row: int, shape: tuple[int, int, int], group: int, columns: np.ndarray
) -> None:
    """Fills columns [pixels, taps * C / groups] with what each output pixel of the band sees.

    Copies runs of values that lie together as single items: many times faster than value by value for few channels.
    """
    kh, kw = window.kernel
    depth = columns.shape[1] // (kh * kw)
    joined = kw if window.dilation[1] == 1 and depth == image.shape[3] else 1
    run = np.dtype((np.void, joined * depth * image.itemsize))
    of_image, of_row, of_column, _ = image.strides
    source = np.ndarray(
        (*shape, kh, kw // joined),
        run,
        image,
        offset=row * window.stride[0] * of_row + group * depth * image.itemsize,
        strides=(
            of_image,
            of_row * window.stride[0],
            of_column * window.stride[1],
            of_row * window.dilation[0],
            of_column * window.dilation[1],
        ),
    )
    columns.view(run).reshape(source.shape)[...] = source


def _taps(image: np.ndarray, window: Window, ow: int) -> tuple[np.ndarray, int, int, int]:
    """For each column of the kernel the values that the output columns see, side by side: [N, H, kw, OW * C].

    Returns memory and the strides to see it so, of N, H and kw.
    """
    of_image, of_row, of_column, _ = image.strides
    stride, dilation = window.stride[1], window.dilation[1]
    if stride == 1:
        return image, of_image, of_row, of_column * dilation
    pixel = np.dtype((np.void, of_column))
    shape = (*image.shape[:2], window.kernel[1], ow)
    strides = (of_image, of_row, of_column * dilation, of_column * stride)
    taps = np.ascontiguousarray(np.ndarray(shape, pixel, image, strides=strides))
    return taps, taps.strides[0], taps.strides[1], taps.strides[2]
