"""A Keras model as a plain graph: calls in execution order and the values between them.

All of Keras's private attributes that tfq reads are in this file and in `base._producer`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras

from tfq.errors import TfqError, Unsupported


@dataclass(eq=False)
class Value:
    """A tensor of the graph. shape: with None for the batch."""

    shape: tuple[int | None, ...]
    dtype: str
    producer: Call | None = None
    consumers: list[Call] = field(default_factory=list)


@dataclass(eq=False)
class Call:
    """One call of a layer or operation. name: the layer's, made unique for further calls of a shared layer."""

    layer: Any
    inputs: list[Value]
    output: Value
    site: int = 0

    @property
    def name(self) -> str:
        return self.layer.name


@dataclass(eq=False)
class Graph:
    """calls: in execution order, inputs excluded. input_names: of the InputLayers, in the model's order."""

    inputs: list[Value]
    input_names: list[str]
    outputs: list[Value]
    calls: list[Call]
    input_structure: Any
    output_structure: Any


def capture(model: Any) -> Graph:
    """The graph of a functional or Sequential model.

    Raises TfqError for a model that is not built, Unsupported for one that is not a graph of layers.
    """
    if not isinstance(model, keras.Model):
        raise TfqError(f"expected a keras.Model, received {type(model).__name__}")
    if isinstance(model, keras.Sequential) and not model.built:
        raise TfqError(f"model {model.name!r} is not built: give it an Input or call it once, then quantize it")
    functional = model._functional if isinstance(model, keras.Sequential) else model
    if not hasattr(functional, "_inputs_struct"):
        raise Unsupported(
            f"model {model.name!r} is subclassed, so its graph cannot be read; "
            "build it with the functional API or Sequential"
        )
    return _walk(functional)


def _walk(model: Any) -> Graph:
    values: dict[int, Value] = {}
    calls: list[Call] = []
    sites: dict[int, int] = {}
    done: set[tuple[int, int]] = set()
    todo = [(tensor, False) for tensor in reversed(keras.tree.flatten(model.outputs))]
    inputs = keras.tree.flatten(model.inputs)
    for tensor in inputs:
        values[id(tensor)] = Value(tuple(tensor.shape), _dtype(tensor))
    while todo:
        tensor, ready = todo.pop()
        operation, node_index, _ = tensor._keras_history
        node = operation._inbound_nodes[node_index]
        if id(tensor) in values or (id(operation), node_index) in done:
            continue
        sources = node.input_tensors
        if not ready:
            todo.append((tensor, True))
            todo += [(source, False) for source in reversed(sources)]
            continue
        done.add((id(operation), node_index))
        site = sites[id(operation)] = sites.get(id(operation), -1) + 1
        calls.append(_call(operation, node, site, values))
    outputs = [values[id(tensor)] for tensor in keras.tree.flatten(model.outputs)]
    names = [tensor._keras_history[0].name for tensor in inputs]
    return Graph([values[id(t)] for t in inputs], names, outputs, calls, model._inputs_struct, model._outputs_struct)


def _call(operation: Any, node: Any, site: int, values: dict[int, Value]) -> Call:
    if not node.input_tensors:
        raise TfqError(f"layer {operation.name!r} has no inputs and is not one of the model's inputs")
    results = [Value(tuple(t.shape), _dtype(t)) for t in node.outputs]
    for tensor, value in zip(node.outputs, results, strict=True):
        values[id(tensor)] = value
    call = Call(operation, [values[id(t)] for t in node.input_tensors], results[0], site)
    for value in results:
        value.producer = call
    for value in call.inputs:
        value.consumers.append(call)
    return call


def _dtype(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)
