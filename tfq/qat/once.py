"""Once a graph: constants that many calls of a layer share are computed by one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

import keras

_READERS = ("ReadVariableOp", "Placeholder", "VarHandleOp")


class _Memo:
    """What a graph holds already. seen: how many of its operations have been looked at."""

    def __init__(self) -> None:
        self.values: dict[Hashable, Any] = {}
        self.seen = 0

    def look(self, graph: Any) -> None:
        """Forgets all if an operation since the last look may have written a variable."""
        operations = graph.get_operations()
        new, self.seen = operations[self.seen :], len(operations)
        if any(op.op_def.is_stateful and op.type not in _READERS for op in new):
            self.values.clear()


def once(key: Hashable, make: Callable[[], Any]) -> Any:
    """make(), or in a TensorFlow graph what it gave there before under this key, if no variable can have changed since.

    Outside TensorFlow's graphs it is always made anew.
    """
    if keras.backend.backend() != "tensorflow":
        return make()
    import tensorflow as tf

    if tf.executing_eagerly():
        return make()
    graph = tf.compat.v1.get_default_graph()
    if not hasattr(graph, "_tfq_once"):
        graph._tfq_once = _Memo()
    memo = graph._tfq_once
    memo.look(graph)
    key = (threading.get_ident(), key)  # replicas are traced in threads of their own
    if key not in memo.values:
        made = make()
        memo.look(graph)
        memo.values[key] = made
    return memo.values[key]
