"""Normalization. What divides by a deviation goes through 16 bits:

    centred = x - MEAN(x);  factor = table(MEAN(centred * centred));  y = centred * factor * gamma + beta

x is brought to int16 first and y to int8 last, so that it loses little more than the roundings of its input and output;
on int8 throughout, or with L2_NORMALIZATION and its fixed grid, rows of 96 to 768 elements lose 3 to 12 dB more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfq.numerics.expression import Expression
from tfq.qat.binary import broadcast_shape
from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor

_MOST_AXES = 4  # that TFLite Micro broadcasts


def _batch_norm(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    if call.kwargs.get("mask") is not None and layer.trainable:
        raise net.refuse("a mask picks what the batch statistics are of", "drop the mask, or set trainable=False")
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    rank = len(x.shape)
    if axis % rank == rank - 1:
        return net.part("scale", [x], x.shape, layer=layer, settings={"batch_norm": True})
    last = [i for i in range(rank) if i != axis % rank] + [axis % rank]
    moved = net.transpose(x, last)
    scaled = net.part("scale", [moved], moved.shape, layer=_over_the_last_axis(layer, moved.shape))
    return net.transpose(scaled, np.argsort(last).tolist())


def _over_the_last_axis(layer: Any, shape: Sequence[int | None]) -> Any:
    """A copy of a BatchNormalization for a transposed input."""
    copy = keras.layers.BatchNormalization.from_config({**layer.get_config(), "axis": -1})
    copy.build(tuple(shape))
    copy.set_weights([keras.ops.convert_to_numpy(w) for w in layer.weights])
    copy.trainable = layer.trainable
    return copy


def _rescaling(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    for value in (layer.scale, layer.offset):
        if np.ndim(value) > 1 or np.size(value) not in (1, x.shape[-1]):
            raise net.refuse("scale and offset must be one number or one per channel", "give one per channel")
    return net.scale(x, layer.scale, layer.offset)


def _normalization(net: Net, call: Call) -> Value:
    """(x - mean) / max(sqrt(variance), epsilon), or back."""
    x, layer = tensor(call), call.layer
    if layer.mean is None:
        raise net.refuse("it has neither been adapted nor been given a mean", "call its adapt(data) first")
    mean, variance = (np.asarray(keras.ops.convert_to_numpy(v), np.float64) for v in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    factor, offset = (deviation, mean) if layer.invert else (1 / deviation, -mean / deviation)
    if factor.size == 1 or factor.shape[-1] == factor.size:
        return net.scale(x, factor.reshape(-1), offset.reshape(-1))
    return net.add(net.multiply(x, factor), offset)


# 16-bit parts.


def _bits(net: Net, x: Value, bits: int) -> Value:
    return net.part("requantize", [x], x.shape, settings={"bits": bits}, label=f"int{bits}")


def _wide(net: Net, kind: str, a: Value, b: Value, label: str) -> Value:
    return net.part(kind, [a, b], broadcast_shape(a.shape, b.shape), settings={"bits": 16}, label=label)


def _mean(net: Net, x: Value, axes: Sequence[int], label: str) -> Value:
    shape = [1 if i in axes else size for i, size in enumerate(x.shape)]
    settings = {"axes": tuple(axes), "keepdims": True, "bits": 16}
    return net.part("mean", [x], shape, settings=settings, label=label)


def _constant(net: Net, kind: str, x: Value, constant: Any, axes: Sequence[int], label: str) -> Value:
    """x times or plus a constant that spans some axes of x; None: x. A Keras variable goes on learning."""
    if constant is None:
        return x
    value = np.asarray(keras.ops.convert_to_numpy(constant), np.float32)
    shape = [x.shape[i] if i in axes else 1 for i in range(1, len(x.shape))]
    trains = isinstance(constant, keras.Variable) and constant.trainable and getattr(net.call.layer, "trainable", True)
    settings = {"constant_shape": tuple(shape), "constant_trainable": trains, "bits": 16}
    return net.part(kind, [x], x.shape, settings=settings, weights=[value.reshape(shape)], label=label)


def _scaled(
    net: Net, x: Value, factor: Expression, axes: Sequence[int], center: bool, keep_mean: bool = False
) -> Value:
    """(x - mean) * factor(mean of its squares) over axes, int16 in and out. keep_mean: x itself is multiplied."""
    shape, folded = _folded(x.shape, axes)
    if len(shape) > _MOST_AXES:
        raise net.refuse(f"axes {list(axes)} of {len(x.shape)}", "normalize over axes that lie side by side")
    rows = x if len(shape) == len(x.shape) else net.reshape(x, shape)
    centred = _wide(net, "subtract", rows, _mean(net, rows, folded, "mean"), "centred") if center else rows
    variance = _mean(net, _wide(net, "multiply", centred, centred, "squares"), folded, "variance")
    settings = {"expression": factor}
    inverse = net.part("wide_table", [variance], variance.shape, settings=settings, label="factor")
    y = _wide(net, "multiply", rows if keep_mean else centred, inverse, "normalized")
    return y if rows is x else net.reshape(y, x.shape)


def _folded(shape: Sequence[int | None], axes: Sequence[int]) -> tuple[list[int | None], list[int]]:
    """Shape and axes with neighbours of one kind made one, where there are more axes than runtimes broadcast."""
    if len(shape) <= _MOST_AXES:
        return list(shape), list(axes)
    sizes: list[int | None] = [shape[0]]
    kinds = [False]
    for i, size in enumerate(shape[1:], 1):
        if i > 1 and kinds[-1] == (i in axes):
            sizes[-1] = (sizes[-1] or 1) * (size or 1)
        else:
            sizes.append(size)
            kinds.append(i in axes)
    return sizes, [i for i, kind in enumerate(kinds) if kind]


def _inverse_deviation(epsilon: float | None) -> Expression:
    return ["rsqrt", ["add", "x", float(keras.config.epsilon() if epsilon is None else epsilon)]]


def _layer_normalized(
    net: Net, x: Value, axes: Any, epsilon: float | None, gamma: Any, beta: Any, rms_scaling: bool = False
) -> Value:
    axes = net.axes(x, [axes] if isinstance(axes, int) else axes)
    y = _scaled(net, _bits(net, x, 16), _inverse_deviation(epsilon), axes, center=True, keep_mean=rms_scaling)
    y = _constant(net, "multiply", y, gamma, axes, "gamma")
    return _bits(net, _constant(net, "add", y, beta, axes, "beta"), 8)


def _layer_norm(net: Net, call: Call) -> Value:
    layer = call.layer
    return _layer_normalized(
        net, tensor(call), layer.axis, layer.epsilon, layer.gamma, layer.beta, getattr(layer, "rms_scaling", False)
    )


def _operand(net: Net, call: Call, position: int, name: str) -> Any:
    """An operand that must be a constant or a variable."""
    value = call.args[position] if len(call.args) > position else call.kwargs.get(name)
    if isinstance(value, Value):
        raise net.refuse(f"{name} is a tensor", f"give a constant or a variable for {name}")
    return value


def _layer_norm_operation(net: Net, call: Call) -> Value:
    gamma, beta = _operand(net, call, 1, "gamma"), _operand(net, call, 2, "beta")
    op = call.layer
    return _layer_normalized(net, tensor(call), op.axis, op.epsilon, gamma, beta, op.rms_scaling)


def _rms_normalized(net: Net, x: Value, axes: Any, epsilon: float | None, scale: Any) -> Value:
    axes = net.axes(x, [axes] if isinstance(axes, int) else axes)
    y = _scaled(net, _bits(net, x, 16), _inverse_deviation(epsilon), axes, center=False)
    if scale is None:
        return _bits(net, y, 8)
    # Keras broadcasts the scale as it is, against the last axes.
    rank, spanned = len(x.shape), len(scale.shape)
    if broadcast_shape(x.shape[1:], tuple(scale.shape)) != x.shape[1:]:
        raise net.refuse(f"a scale of shape {tuple(scale.shape)} for {x.shape}", "normalize over the last axes")
    own = [axis for axis, size in zip(range(rank - spanned, rank), scale.shape, strict=True) if size != 1]
    return _bits(net, _constant(net, "multiply", y, scale, own, "scale"), 8)


def _rms_norm(net: Net, call: Call) -> Value:
    layer = call.layer
    return _rms_normalized(net, tensor(call), layer.axis, layer.epsilon, layer.scale)


def _rms_norm_operation(net: Net, call: Call) -> Value:
    return _rms_normalized(net, tensor(call), call.layer.axis, call.layer.epsilon, _operand(net, call, 1, "scale"))


def _group_norm(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    axis = layer.axis % len(x.shape)
    channels, groups = int(x.shape[axis] or 0), layer.groups
    groups = channels if groups == -1 else groups
    before = math.prod(size or 1 for size in x.shape[1:axis])
    after = math.prod(size or 1 for size in x.shape[axis + 1 :])
    shape = (None, before, groups, channels // groups * after)
    y = _scaled(net, net.reshape(_bits(net, x, 16), shape), _inverse_deviation(layer.epsilon), (1, 3), center=True)
    y = _constant(net, "multiply", net.reshape(y, x.shape), layer.gamma, [axis], "gamma")
    return _bits(net, _constant(net, "add", y, layer.beta, [axis], "beta"), 8)


def unit(net: Net, x: Value, axes: Sequence[int], epsilon: float) -> Value:
    """x over its Euclidean length along axes."""
    axes = net.axes(x, axes)
    count = math.prod(x.shape[axis] or 1 for axis in axes)
    factor = ["rsqrt", ["maximum", ["multiply", "x", float(count)], float(epsilon) ** 2]]
    return _bits(net, _scaled(net, _bits(net, x, 16), factor, axes, center=False), 8)


def _unit_norm(net: Net, call: Call) -> Value:
    axis = call.layer.axis
    return unit(net, tensor(call), [axis] if isinstance(axis, int) else axis, 1e-12)


def _normalize(net: Net, call: Call) -> Value:
    x, op = tensor(call), call.layer
    if op.order != 2:
        raise net.refuse(f"order {op.order}", "use order=2, the Euclidean length")
    if op.axis is None:
        raise net.refuse("axis None takes in the batch", "give the axes of a sample")
    epsilon = keras.config.epsilon() if op.epsilon is None else op.epsilon
    return unit(net, x, [op.axis] if isinstance(op.axis, int) else op.axis, epsilon)


RULES: dict[type, Rule] = {
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.Rescaling: _rescaling,
    keras.layers.Normalization: _normalization,
    keras.layers.LayerNormalization: _layer_norm,
    keras.layers.RMSNormalization: _rms_norm,
    keras.layers.GroupNormalization: _group_norm,
    keras.layers.UnitNormalization: _unit_norm,
    operation("nn", "LayerNorm"): _layer_norm_operation,
    operation("nn", "RMSNorm"): _rms_norm_operation,
    operation("nn", "Normalize"): _normalize,
}
