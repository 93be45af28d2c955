"""What rules of several families use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.src import ops as operations

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net

Rule = Callable[[Net, Call], Any]


def tensor(call: Call) -> Value:
    """The one tensor that the call takes, first among its arguments."""
    return call.inputs[0]


def tensors(call: Call) -> list[Value]:
    """All of a merge layer's tensors: its first argument's."""
    first = call.args[0]
    return list(first) if isinstance(first, (list, tuple)) else call.inputs


def operation(module: str, name: str) -> type:
    """The class behind keras.ops.<name>; Keras does not export these. module: "numpy", "nn", "core", "math", ..."""
    return getattr(getattr(operations, module), name)
