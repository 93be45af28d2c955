"""Pooling: 1-D and 2-D as the 2-D ops, 3-D as two of them, global ones as reductions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.along import mapped, mean
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.reductions import extreme
from tfq.qat.rules.shapes import require_channels_last, require_whole

_POOLS = {"max_pool": keras.layers.MaxPooling2D, "average_pool": keras.layers.AveragePooling2D}


def _pool(kind: str) -> Rule:
    def rule(net: Net, call: Call) -> Value:
        require_channels_last(net, call)
        require_whole(net, call)
        x, layer = tensor(call), call.layer
        axes = len(x.shape) - 2
        size = _tuple(layer.pool_size, axes)
        strides = size if layer.strides is None else _tuple(layer.strides, axes)
        return pool(net, kind, x, size, strides, layer.padding)

    return rule


def _tuple(value: Any, length: int) -> tuple[int, ...]:
    return (int(value),) * length if isinstance(value, int) else tuple(int(n) for n in value)


def pool(
    net: Net, kind: str, x: Value, size: tuple[int, ...], strides: tuple[int, ...], padding: str, label: str = ""
) -> Value:
    """kind: "max_pool" or "average_pool". x: [N, spatial..., C].

    A window of three axes is a window of two, then one of the first: the cells inside the volume are a product, so the
    mean of means is the mean.
    """
    batch, *spatial, depth = x.shape
    if len(spatial) == 1:
        flat = net.reshape(x, [-1, spatial[0], 1, depth])
        made = _pool_2d(net, kind, flat, (size[0], 1), (strides[0], 1), padding, label)
        return net.reshape(made, [-1, made.shape[1], depth])
    if len(spatial) == 2:
        return _pool_2d(net, kind, x, size, strides, padding, label)
    slices = net.reshape(x, [-1, spatial[1], spatial[2], depth])
    made = _pool_2d(net, kind, slices, size[1:], strides[1:], padding, "slices")
    rest = [int(size or 0) for size in made.shape[1:]]
    columns = net.reshape(made, [-1, spatial[0], rest[0] * rest[1], depth])
    made = _pool_2d(net, kind, columns, (size[0], 1), (strides[0], 1), padding, label)
    return net.reshape(made, [-1, made.shape[1], *rest])


def _pool_2d(net: Net, kind: str, x: Value, size: Any, strides: Any, padding: str, label: str) -> Value:
    name = f"{net.call.layer.name}_{label or kind}"
    layer = _POOLS[kind](tuple(size), strides=tuple(strides), padding=padding.lower(), name=name)
    return net.part(kind, [x], layer.compute_output_shape(x.shape), layer=layer, label=label or kind)


def _global_average(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    require_whole(net, call)
    x = tensor(call)
    if len(call.inputs) > 1:
        raise net.refuse("called with a mask", "leave the mask out")
    return mean(net, x, range(1, len(x.shape) - 1), call.layer.keepdims)


def _global_max(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    require_whole(net, call)
    x = tensor(call)
    return extreme(net, x, "reduce_max", range(1, len(x.shape) - 1), call.layer.keepdims)


def _adaptive(kind: str) -> Rule:
    """Windows from floor(i * size / out) to ceil((i + 1) * size / out): of one size, or means by a matrix an axis."""

    def rule(net: Net, call: Call) -> Value:
        require_channels_last(net, call)
        require_whole(net, call)
        x = tensor(call)
        sizes, goals = ([int(size or 0) for size in value.shape[1:-1]] for value in (x, call.output))
        if all(size % goal == 0 for size, goal in zip(sizes, goals, strict=True)):
            windows = tuple(size // goal for size, goal in zip(sizes, goals, strict=True))
            return pool(net, kind, x, windows, windows, "valid")
        if kind == "max_pool":
            raise net.refuse(f"windows of unlike sizes, {sizes} to {goals}", "use sizes that divide the input's")
        for axis, goal in enumerate(goals, 1):
            x = _averaged(net, x, axis, goal)
        return x

    return rule


def _averaged(net: Net, x: Value, axis: int, out: int) -> Value:
    size = int(x.shape[axis] or 0)
    matrix = np.zeros((size, out))
    for i in range(out):
        window = slice(i * size // out, -(-(i + 1) * size // out))
        matrix[window, i] = 1 / (window.stop - window.start)
    return mapped(net, x, axis, matrix, f"axis_{axis}")


_L = keras.layers
RULES: dict[type, Rule] = {
    **{getattr(_L, f"MaxPooling{n}D"): _pool("max_pool") for n in (1, 2, 3)},
    **{getattr(_L, f"AveragePooling{n}D"): _pool("average_pool") for n in (1, 2, 3)},
    **{getattr(_L, f"GlobalAveragePooling{n}D"): _global_average for n in (1, 2, 3)},
    **{getattr(_L, f"GlobalMaxPooling{n}D"): _global_max for n in (1, 2, 3)},
    operation("nn", "MaxPool"): _pool("max_pool"),
    operation("nn", "AveragePool"): _pool("average_pool"),
}
for _name, _kind in (("Average", "average_pool"), ("Max", "max_pool")):
    if hasattr(_L, f"Adaptive{_name}Pooling1D"):  # Keras 3.13 and later
        RULES |= {getattr(_L, f"Adaptive{_name}Pooling{n}D"): _adaptive(_kind) for n in (1, 2, 3)}
        RULES[operation("nn", f"Adaptive{_name}Pool")] = _adaptive(_kind)
