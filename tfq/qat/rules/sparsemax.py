"""Sparsemax: max(z - t, 0) with the t for which these add up to 1, without a sort, which no runtime has in int8.

Keras takes another t as soon as more than one element is above it, since it adds up all cumulative sums where it should
take the last: (sum over the support of cumulative sums - 1) / count. What Keras computes is what a network was trained
with, so that is what it is here, too, as long as the Keras at hand does it.
Source: Martins and Astudillo 2016 (arXiv:1602.02068); keras-team/keras keras/src/backend/tensorflow/nn.py, sparsemax.
"""

from __future__ import annotations

import keras
import numpy as np

from tfq.qat.capture import Value
from tfq.qat.net import Net

_MOST_STEPS = 5
# Keras's own form looks at all pairs.
_MOST_ELEMENTS = 64


def sparsemax(net: Net, x: Value, axis: int = -1) -> Value:
    """Keras's sparsemax along an axis."""
    (axis,) = net.axes(x, [axis])
    count = int(x.shape[axis] or 1)
    top = net.move("reduce_max", x, axes=[axis], keepdims=True)
    rest = net.activation(net.table(["add", "x", 1.0], net.subtract(x, top)), "relu")
    for _ in range(min(count - 1, _MOST_STEPS)):
        rest = _newton_step(net, rest, axis, count)
    if count == 1 or not _adds_up_all_sums():
        return rest
    if count > _MOST_ELEMENTS:
        raise net.refuse(f"sparsemax of {count} elements", f"use up to {_MOST_ELEMENTS}, or softmax")
    threshold = net.subtract(top, net.move("reduce_max", rest, axes=[axis], keepdims=True))
    return net.activation(net.subtract(x, _keras_threshold(net, rest, threshold, axis, count)), "relu")


def _newton_step(net: Net, rest: Value, axis: int, count: int) -> Value:
    """max(z - t, 0) for a larger t, from that for a t that is too small.

    The sum is convex and falls with t, so t + (sum - 1) / count of those above t is not beyond the solution; it is the
    solution after as many steps as there are elements, mostly after four; what a sixth would add is below a code.
    """
    excess = net.table(["relu", ["subtract", ["multiply", "x", float(count)], 1.0]], net.mean(rest, [axis], True))
    share = net.table(["reciprocal", ["maximum", "x", 1.0]], _support(net, rest, axis, count))
    return net.activation(net.subtract(rest, net.multiply(excess, share)), "relu")


def _support(net: Net, rest: Value, axis: int, count: int) -> Value:
    """How many elements are above 0."""
    return net.table(["multiply", "x", float(count)], net.mean(net.table(["greater", "x", 0.0], rest), [axis], True))


def _adds_up_all_sums() -> bool:
    """Whether this release of Keras does."""
    found = keras.ops.convert_to_numpy(keras.ops.sparsemax(np.array([[1.0, 0.9]], np.float32)))
    return not np.allclose(found, [[0.55, 0.45]])


def _keras_threshold(net: Net, rest: Value, threshold: Value, axis: int, count: int) -> Value:
    """(sum of cumulative sums - 1) / k, where k elements rest above the threshold t.

    These are of z = rest + t, and rest adds up to 1: their sum is (sum over pairs of max(rest, rest) + 1) / 2 over the
    support, and t * k * (k + 1) / 2.
    """
    shape = [int(n or 1) for n in rest.shape[1:]]
    others = net.reshape(rest, [-1, *shape[:axis], 1, *shape[axis:]])
    own = net.reshape(rest, [-1, *shape[: axis - 1], 1, *shape[axis - 1 :]])
    both = net.multiply(*(net.table(["greater", "x", 0.0], value) for value in (own, others)))
    pairs = net.mean(net.multiply(net.maximum(own, others), both), [axis, axis + 1])
    pairs = net.reshape(pairs, [-1, *(int(n or 1) for n in threshold.shape[1:])])
    k = _support(net, rest, axis, count)
    sums = net.table(["subtract", ["multiply", "x", 0.5 * count * count], 0.5], pairs)
    share = net.table(["reciprocal", ["maximum", "x", 1.0]], k)
    weight = net.table(["multiply", 0.5, ["add", "x", 1.0]], k)
    return net.add(net.multiply(sums, share), net.multiply(threshold, weight))
