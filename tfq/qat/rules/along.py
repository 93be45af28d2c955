"""Constant linear maps along axes: sums, weighted means, interpolation. Each is one frozen layer, so one rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np

from tfq.qat.capture import Value
from tfq.qat.net import Net
from tfq.qat.rules.shapes import transposed

_LONGEST = 4096  # terms of a sum whose int32 accumulator holds products of 127 and whose kernel stays small


def contract(
    net: Net, x: Value, axes: Sequence[int], kernel: np.ndarray | None = None, keepdims: bool = False
) -> Value:
    """The sum of x * kernel over axes (sorted, not the batch): one int32 sum, one rounding.

    kernel: float32, one number an element of the axes; None: ones. LiteRT's own SUM is wrong in int8
    (tflite/kernels/reduce.cc rescales each element), so it is a layer: FULLY_CONNECTED over last axes, else
    DEPTHWISE_CONV_2D. A very long sum is the MEAN times the count.
    """
    rank, first = len(x.shape), min(axes)
    kept = [axis for axis in range(first, rank) if axis not in axes]
    count = math.prod(int(x.shape[axis] or 0) for axis in axes)
    if kernel is None and count > _LONGEST:
        return net.table(["multiply", "x", float(count)], mean(net, x, axes, keepdims))
    weights = np.ones(count, np.float32) if kernel is None else np.asarray(kernel, np.float32).ravel()
    # Axes before the first one stay as they are: they join the batch.
    rows = x if first == 1 else net.reshape(x, [-1, *x.shape[first:]])
    depth = math.prod(int(x.shape[axis] or 0) for axis in kept)
    if not kept:
        y = net.linear(net.reshape(rows, [-1, count]), weights[:, None], trainable=False, label="sum")
    else:
        order = [axis - first + 1 for axis in (*axes, *kept)]
        flat = net.reshape(transposed(net, rows, [0, *order]), [-1, count, 1, depth])
        layer = keras.layers.DepthwiseConv2D((count, 1), use_bias=False, name=f"{net.call.layer.name}_sum")
        layer.trainable = False
        window = np.repeat(weights[:, None, None, None], depth, axis=2)
        y = net.weighted("depthwise_conv_2d", flat, layer, [window], "sum")
    return _shaped(net, y, x, axes, keepdims)


def mean(net: Net, x: Value, axes: Sequence[int], keepdims: bool = False) -> Value:
    """MEAN, of at most four axes: neighbours that go or stay together are one."""
    axes = net.axes(x, axes)
    if not axes:
        return x
    if len(x.shape) <= 4:
        return net.mean(x, axes, keepdims)
    merged, reduced = merge_axes(net, x, axes)
    return _shaped(net, net.mean(merged, reduced), x, axes, keepdims)


def merge_axes(net: Net, x: Value, axes: Sequence[int]) -> tuple[Value, list[int]]:
    """(x with neighbouring axes joined that are all in `axes` or all not, the joined ones in `axes`)."""
    sizes: list[int] = []
    reduced: list[int] = []
    before = None
    for axis in range(1, len(x.shape)):
        inside = axis in axes
        if inside == before:
            sizes[-1] *= int(x.shape[axis] or 0)
        else:
            sizes.append(int(x.shape[axis] or 0))
            reduced += [len(sizes)] if inside else []
        before = inside
    return net.reshape(x, [-1, *sizes]), reduced


def mapped(net: Net, x: Value, axis: int, matrix: np.ndarray, label: str = "map") -> Value:
    """y[..., j, ...] = sum over i of x[..., i, ...] * matrix[i, j] along one axis: a frozen dense layer."""
    last = len(x.shape) - 1
    order = [i for i in range(last + 1) if i != axis] + [axis]
    y = net.linear(transposed(net, x, order), np.asarray(matrix, np.float32), trainable=False, label=label)
    return transposed(net, y, [order.index(i) for i in range(last + 1)])


def _shaped(net: Net, y: Value, x: Value, axes: Sequence[int], keepdims: bool) -> Value:
    shape = [1 if i in axes else size for i, size in enumerate(x.shape) if keepdims or i not in axes]
    return y if list(y.shape) == shape else net.reshape(y, [-1, *shape[1:]])
