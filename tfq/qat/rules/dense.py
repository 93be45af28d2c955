"""Dense layers, matrix products, embeddings."""

from __future__ import annotations

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.activations import activated
from tfq.qat.rules.families import Rule, operation, tensor


def _dense(net: Net, call: Call) -> Value:
    x = tensor(call)
    if len(x.shape) < 2:
        raise net.refuse("the input has no features axis", "give it rank 2 or more")
    return activated(net, call, net.weighted("dense", x, call.layer))


def _matmul(net: Net, call: Call) -> Value:
    a, b = call.args
    if not isinstance(b, Value):
        return net.linear(a, b, trainable=isinstance(b, keras.Variable) and b.trainable)
    if not isinstance(a, Value):
        raise net.refuse("the first operand is a constant", "transpose both operands, so that the constant is second")
    return net.matmul(a, b)


RULES: dict[type, Rule] = {
    keras.layers.Dense: _dense,
    operation("numpy", "Matmul"): _matmul,
}
