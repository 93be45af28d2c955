"""What AVERAGE_POOL_2D and MAX_POOL_2D share: their window, and one reduction over it.

A window's sum or maximum is taken along the rows, then along the columns: exact for integers, and kernel height +
width steps instead of their product.
"""

from __future__ import annotations

import math

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.geometry import Window, window_of
from tfq.ops.checks import given, require_work
from tfq.ops.contract import Node

# Its taps are walked through one by one.
_LARGEST_KERNEL = 2**12


def pool_window(node: Node) -> Window:
    """The node's window. Raises Unsupported for an input that is not [N, H, W, C] and for impossible windows."""
    shape = given(node).shape
    if len(shape) != 4:
        raise node.unsupported(f"the input must be [N, H, W, C], received shape {list(shape)}")
    try:
        window = window_of(node.options, (node.options["filter_height"], node.options["filter_width"]))
        window.output_size(shape[1], shape[2])
    except TfqError as error:
        raise node.unsupported(str(error)) from error
    if max(window.kernel) > _LARGEST_KERNEL:
        raise node.unsupported(f"a kernel must have up to {_LARGEST_KERNEL} rows and columns, received {window.kernel}")
    require_work(
        node, shape[0] * shape[3] * math.prod(window.output_size(shape[1], shape[2])) * math.prod(window.kernel)
    )
    return window


def slide(reduce: np.ufunc, x: np.ndarray, window: Window, fill: int) -> np.ndarray:
    """`reduce` over each window of x [N, H, W, C], with `fill` outside the image -> x's dtype [N, OH, OW, C]."""
    top, bottom, left, right = window.pads(x.shape[1], x.shape[2])
    out = window.output_size(x.shape[1], x.shape[2])
    rows = _slide_axis(reduce, x, 1, (top, bottom), window.kernel[0], window.stride[0], out[0], fill)
    return _slide_axis(reduce, rows, 2, (left, right), window.kernel[1], window.stride[1], out[1], fill)


def _slide_axis(reduce, x, axis: int, pads: tuple[int, int], kernel: int, stride: int, out: int, fill: int):
    shape = list(x.shape)
    shape[axis] += sum(pads)
    padded = np.full(shape, fill, x.dtype)
    inside = [slice(None)] * x.ndim
    inside[axis] = slice(pads[0], pads[0] + x.shape[axis])
    padded[tuple(inside)] = x
    taps = [slice(None)] * x.ndim
    acc = None
    for tap in range(kernel):
        taps[axis] = slice(tap, tap + (out - 1) * stride + 1, stride)
        cells = padded[tuple(taps)]
        acc = cells.copy() if acc is None else reduce(acc, cells, out=acc)
    return acc


def sum_in_order(x: np.ndarray, window: Window) -> np.ndarray:
    """The float sum over each window, its cells added in index order, in x's type: [N, OH, OW, C]."""
    top, bottom, left, right = window.pads(x.shape[1], x.shape[2])
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    (height, width), (down, right) = window.output_size(x.shape[1], x.shape[2]), window.stride
    acc = np.zeros((x.shape[0], height, width, x.shape[3]), x.dtype)
    for i in range(window.kernel[0]):
        for j in range(window.kernel[1]):
            acc += padded[:, i : i + (height - 1) * down + 1 : down, j : j + (width - 1) * right + 1 : right]
    return acc


def cell_counts(window: Window, height: int, width: int) -> np.ndarray:
    """How many cells of each window lie inside an image of that size: int32 [OH, OW, 1]."""
    return slide(np.add, np.ones((1, height, width, 1), np.int32), window, 0)[0]
