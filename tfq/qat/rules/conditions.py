"""Comparisons, logic and where.

A condition is a tensor of 0 and 1. What compares functions of one tensor is a table; tables merges the rest.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.qat.binary import broadcast_shape
from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.arithmetic import operands, require_float
from tfq.qat.rules.families import Rule, operation, tensor


def _comparison(kind: str) -> Rule:
    def rule(net: Net, call: Call) -> Value:
        a, b = operands(call, "x1", "x2")
        require_float(net, a, b)
        tensors = isinstance(a, Value) and isinstance(b, Value)
        if not tensors and np.size(keras.ops.convert_to_numpy(b if isinstance(a, Value) else a)) > 1:
            return net.table([kind, "x", 0.0], net.subtract(a, b))
        return net.binary(kind, a, b)

    return rule


def _logic(kind: str) -> Rule:
    return lambda net, call: combine(net, kind, *(condition(net, x) for x in operands(call, "x1", "x2")))


def combine(net: Net, kind: str, a: Value, b: Value) -> Value:
    """ "logical_and", "logical_or" or "logical_xor" of two conditions."""
    if kind == "logical_xor":
        both, either = combine(net, "logical_and", a, b), combine(net, "logical_or", a, b)
        return combine(net, "logical_and", either, _not(net, both))
    return net.binary(kind, a, b)


def condition(net: Net, x: Any) -> Value:
    """x as a tensor of 0 and 1: whether it is not 0."""
    if not isinstance(x, Value):
        raise net.refuse("a condition is a constant", "leave it out")
    require_float(net, x)
    return x if x.dtype == "bool" else net.table(["not_equal", "x", 0.0], x)


def _not(net: Net, x: Value) -> Value:
    return net.table(["logical_not", "x"], x)


def _logical_not(net: Net, call: Call) -> Value:
    return _not(net, condition(net, tensor(call)))


def _where(net: Net, call: Call) -> Value:
    holds, a, b = operands(call, "condition", "x1", "x2")
    if a is None or b is None:
        raise net.refuse("where without values gives positions", "give it two values")
    require_float(net, a, b)
    if not isinstance(holds, Value):
        mask = np.asarray(keras.ops.convert_to_numpy(holds) != 0, np.float32)
        chosen = [_masked(net, x, m) for x, m in ((a, mask), (b, 1 - mask))]
        return net.add(*chosen)
    return select(net, condition(net, holds), a, b)


def _masked(net: Net, x: Any, mask: np.ndarray) -> Any:
    return net.multiply(x, mask) if isinstance(x, Value) else np.asarray(keras.ops.convert_to_numpy(x)) * mask


def select(net: Net, holds: Value, a: Any, b: Any) -> Value:
    """a where the condition is 1, else b; each a tensor, a number or a constant array."""
    a, b = (x if isinstance(x, Value) else np.asarray(keras.ops.convert_to_numpy(x), np.float32) for x in (a, b))
    if not isinstance(a, Value) and not isinstance(b, Value) and a.size == b.size == 1:
        return net.table(["where", "x", float(a.reshape(())), float(b.reshape(()))], holds)
    if any(isinstance(x, np.ndarray) and (x.size > 1 or not x.any()) for x in (a, b)):
        # A product with 0 or 1 is exact, and fast.
        return _sum(net, _times(net, holds, a), _times(net, _not(net, holds), b))
    a, b = (x if isinstance(x, Value) else net.table(float(x.reshape(())), holds) for x in (a, b))
    return net.part("select", [a, b, holds], broadcast_shape(broadcast_shape(a.shape, b.shape), holds.shape))


def _times(net: Net, holds: Value, x: Any) -> Any:
    if isinstance(x, np.ndarray) and not x.any():
        return x
    return net.multiply(holds, x)


def _sum(net: Net, a: Any, b: Any) -> Any:
    zeros = [isinstance(x, np.ndarray) and x.size == 1 and not x.any() for x in (a, b)]
    return b if zeros[0] else a if zeros[1] else net.add(a, b)


_COMPARISONS = {
    "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less", "LessEqual": "less_equal",
    "Equal": "equal", "NotEqual": "not_equal",
}  # fmt: skip
_LOGIC = {"LogicalAnd": "logical_and", "LogicalOr": "logical_or", "LogicalXor": "logical_xor"}
RULES: dict[type, Rule] = {
    **{operation("numpy", name): _comparison(kind) for name, kind in _COMPARISONS.items()},
    **{operation("numpy", name): _logic(kind) for name, kind in _LOGIC.items()},
    operation("numpy", "LogicalNot"): _logical_not,
    operation("numpy", "Where"): _where,
}
