"""Dense layers, matrix products, embeddings."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.activations import activated
from tfq.qat.rules.einsum import contract, einsum, parse, with_constant
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.normalization import unit
from tfq.qat.rules.windows import operands


def _dense(net: Net, call: Call) -> Value:
    x = tensor(call)
    if len(x.shape) < 2:
        raise net.refuse("the input has no features axis", "give it rank 2 or more")
    return activated(net, call, net.weighted("dense", x, call.layer))


def _einsum_dense(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    (labels, weight_labels), result = parse(net, layer.equation, [x.shape, tuple(layer.kernel.shape)])
    like = {"dtype": layer.dtype_policy, "kernel_regularizer": layer.kernel_regularizer}
    like["kernel_constraint"] = layer.kernel_constraint
    if layer.kernel_constraint is not None and "axis" in layer.kernel_constraint.get_config():
        raise net.refuse("a kernel constraint along an axis", "use one without axis, such as NonNeg")
    bias_labels = "".join(label for label in result if label in (layer.bias_axes or ""))
    if layer.bias is not None:
        like |= {"bias_regularizer": layer.bias_regularizer, "bias_constraint": layer.bias_constraint}
    y = with_constant(net, x, labels, layer.kernel, weight_labels, result, True, layer.bias, bias_labels, like)
    if len(y.shape) == len(call.output.shape):
        call.output.shape = y.shape  # Keras may turn the axes of an ellipsis round, or not know them
    return activated(net, call, y)


def _embedding(net: Net, call: Call) -> Value:
    x, layer = tensor(call), call.layer
    if not x.dtype.startswith(("int", "uint")):
        raise net.refuse(f"its indices are {x.dtype}", 'give the model keras.Input(..., dtype="int32") for them')
    if x.producer is not None:
        raise net.refuse("its indices are computed by the network", "feed them to an Input of their own")
    return net.part("embedding", [x], (*x.shape, layer.output_dim), layer=layer)


def _pair(net: Net, call: Call) -> tuple[Any, Any]:
    a, b = (_shaped(x) for x in operands(call, "x1", "x2"))
    return a, b


def _shaped(x: Any) -> Any:
    """A tensor or variable as it is, a constant as an array."""
    return x if isinstance(x, (Value, keras.Variable)) else np.asarray(keras.ops.convert_to_numpy(x))


def _matmul(net: Net, call: Call) -> Value:
    a, b = _pair(net, call)
    width = max(len(a.shape), len(b.shape), 2) - 2
    inner, rows, columns, outer = "k", "m", "n", ascii_letters[26 : 26 + width]
    left = inner if len(a.shape) == 1 else outer[width + 2 - len(a.shape) :] + rows + inner
    right = inner if len(b.shape) == 1 else outer[width + 2 - len(b.shape) :] + inner + columns
    result = outer + "".join(label for label in (rows, columns) if label in left + right)
    return contract(net, a, left, b, right, result)


def _contraction(net: Net, a: Any, b: Any, a_axes: Any, b_axes: Any) -> Value:
    """The sum over pairs of axes; the result has the first operand's other axes, then the second's."""
    left = list(ascii_letters[: len(a.shape)])
    right = list(ascii_letters[len(left) : len(left) + len(b.shape)])
    for i, k in zip(a_axes, b_axes, strict=True):
        right[k] = left[i]
    result = [label for label in left + right if (label in left) != (label in right)]
    return contract(net, a, "".join(left), b, "".join(right), "".join(result))


def _dot(net: Net, call: Call) -> Value:
    a, b = _pair(net, call)
    if not a.shape or not b.shape:
        return net.multiply(a, b)
    return _contraction(net, a, b, [-1], [-1 if len(b.shape) == 1 else -2])


def _inner(net: Net, call: Call) -> Value:
    a, b = _pair(net, call)
    return _contraction(net, a, b, [-1], [-1]) if a.shape and b.shape else net.multiply(a, b)


def _tensordot(net: Net, call: Call) -> Value:
    (a, b), axes = _pair(net, call), call.layer.axes
    if isinstance(axes, int):
        return _contraction(net, a, b, range(len(a.shape) - axes, len(a.shape)), range(axes))
    return _contraction(net, a, b, *([each] if isinstance(each, int) else each for each in axes))


def _einsum(net: Net, call: Call) -> Value:
    return einsum(net, call.layer.subscripts, [_shaped(x) for x in call.args])


def _dot_layer(net: Net, call: Call) -> Value:
    (a, b), layer = call.args[0], call.layer
    axes = layer.axes if isinstance(layer.axes, (list, tuple)) else (layer.axes, layer.axes)
    axes = [axis % len(x.shape) for axis, x in zip(axes, (a, b), strict=True)]
    if layer.normalize:
        a, b = (unit(net, x, [axis], keras.config.epsilon()) for x, axis in zip((a, b), axes, strict=True))
    left = list(ascii_letters[: len(a.shape)])
    right = [left[0], *ascii_letters[len(left) : len(left) + len(b.shape) - 1]]
    right[axes[1]] = left[axes[0]]
    result = [left[0], *(x for x in left[1:] + right[1:] if (x in left) != (x in right))]
    y = contract(net, a, "".join(left), b, "".join(right), "".join(result))
    return net.reshape(y, [-1, *call.output.shape[1:]]) if len(y.shape) == 1 else y


RULES: dict[type, Rule] = {
    keras.layers.Dense: _dense,
    keras.layers.EinsumDense: _einsum_dense,
    keras.layers.Embedding: _embedding,
    keras.layers.Dot: _dot_layer,
    operation("numpy", "Matmul"): _matmul,
    operation("numpy", "Dot"): _dot,
    operation("numpy", "Inner"): _inner,
    operation("numpy", "Tensordot"): _tensordot,
    operation("numpy", "Einsum"): _einsum,
}
