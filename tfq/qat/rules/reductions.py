"""Operations over whole axes: sums, means, extremes, variances."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.along import contract, mean, merge_axes
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.shapes import axis_of, require_whole


def _axes(net: Net, call: Call, x: Value) -> tuple[int, ...]:
    axis = call.layer.axis
    if axis is None:
        raise net.refuse("without an axis it takes in the batch", "give the axes, all but 0")
    axes = net.axes(x, [axis] if isinstance(axis, int) else axis)
    require_whole(net, call)
    return axes


def _mean(net: Net, call: Call) -> Value:
    x = tensor(call)
    return mean(net, x, _axes(net, call, x), call.layer.keepdims)


def _sum(net: Net, call: Call) -> Value:
    x = tensor(call)
    return contract(net, x, _axes(net, call, x), keepdims=call.layer.keepdims)


def extreme(net: Net, x: Value, kind: str, axes: Sequence[int], keepdims: bool = False) -> Value:
    """kind: "reduce_max" or "reduce_min", over axes (not the batch)."""
    axes = net.axes(x, axes)
    if len(x.shape) <= 4:
        return net.move(kind, x, axes=list(axes), keepdims=bool(keepdims))
    merged, reduced = merge_axes(net, x, axes)
    made = net.move(kind, merged, axes=reduced, keepdims=False)
    shape = [1 if i in axes else size for i, size in enumerate(x.shape) if keepdims or i not in axes]
    return net.reshape(made, [-1, *shape[1:]])


def _extreme(kind: str) -> Rule:
    def rule(net: Net, call: Call) -> Value:
        x = tensor(call)
        if getattr(call.layer, "initial", None) is not None:
            raise net.refuse("initial is given", "leave it out and take maximum or minimum with it afterwards")
        return extreme(net, x, kind, _axes(net, call, x), call.layer.keepdims)

    return rule


def _spread(net: Net, call: Call) -> Value:
    x = tensor(call)
    axes, keep = _axes(net, call, x), call.layer.keepdims
    return net.subtract(extreme(net, x, "reduce_max", axes, keep), extreme(net, x, "reduce_min", axes, keep))


def variance(net: Net, x: Value, axes: Sequence[int], keepdims: bool = False) -> Value:
    """The mean square of what differs from the mean."""
    away = net.subtract(x, mean(net, x, axes, keepdims=True))
    return mean(net, net.table(["square", "x"], away, "square"), axes, keepdims)


def _variance(net: Net, call: Call) -> Value:
    x = tensor(call)
    return variance(net, x, _axes(net, call, x), call.layer.keepdims)


def _deviation(net: Net, call: Call) -> Value:
    # The floor keeps the gradient finite where the variance rounds to 0.
    return net.table(["sqrt", ["maximum", "x", 1e-12]], _variance(net, call), "sqrt")


def _moments(net: Net, call: Call) -> list[Value]:
    x, layer = tensor(call), call.layer
    require_whole(net, call)
    axes = net.axes(x, [layer.axes] if isinstance(layer.axes, int) else layer.axes)
    return [mean(net, x, axes, layer.keepdims), variance(net, x, axes, layer.keepdims)]


def _average(net: Net, call: Call) -> Value:
    """A mean, weighted by constants along one axis."""
    x = tensor(call)
    weights = call.kwargs.get("weights", call.args[1] if len(call.args) > 1 else None)
    if weights is None:
        return mean(net, x, _axes(net, call, x))
    axis = axis_of(net, call.layer.axis, len(x.shape))
    if isinstance(weights, Value) or np.ndim(weights) != 1:
        raise net.refuse("the weights are no constant vector", "give one number an element of the axis")
    weights = np.asarray(keras.ops.convert_to_numpy(weights), np.float64)
    return contract(net, x, [axis], weights / weights.sum())


def _product(net: Net, call: Call) -> Value:
    raise net.refuse("a product over an axis has no int8 form", "sum logarithms, or multiply slices")


RULES: dict[type, Rule] = {
    operation("numpy", "Mean"): _mean,
    operation("numpy", "Sum"): _sum,
    operation("numpy", "Average"): _average,
    operation("numpy", "Max"): _extreme("reduce_max"),
    operation("numpy", "Amax"): _extreme("reduce_max"),
    operation("numpy", "Min"): _extreme("reduce_min"),
    operation("numpy", "Amin"): _extreme("reduce_min"),
    operation("numpy", "Var"): _variance,
    operation("numpy", "Std"): _deviation,
    operation("numpy", "Prod"): _product,
    operation("nn", "Moments"): _moments,
}
if hasattr(keras.ops, "ptp"):
    RULES[operation("numpy", "Ptp")] = _spread
