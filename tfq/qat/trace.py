"""Tracing: what the `call` of a subclassed model or of a user's own layer does, as a graph of Keras operations.

Nothing of the user's changes: variables are read within a StatelessScope, and the nodes that Keras notes in
sublayers are cut off again.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import keras

from tfq.errors import Unsupported

Traced = tuple[Any, Any]  # (inputs, outputs), structures of KerasTensors


class _Watch(keras.StatelessScope):
    """Notes the variables that `call` itself reads as values or writes: neither can stand in a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.touched: list[str] = []

    def get_current_value(self, variable: Any) -> Any:
        self.touched.append(variable.name)
        return super().get_current_value(variable)

    def add_update(self, update: Any) -> None:
        self.touched.append(update[0].name)
        super().add_update(update)


@contextmanager
def of_model(model: Any) -> Iterator[Traced]:
    """Inputs and outputs of a subclassed model's `call`. Raises Unsupported for one that cannot be traced."""
    shapes = (model.get_build_config() or {}) if model.built else {}
    shape = shapes.get("input_shape")
    if shape is None:
        raise Unsupported(
            f"model {model.name!r} is subclassed and the shapes of its inputs are not known: call it once on data "
            "(one argument), or build it with the functional API"
        )
    name = _name_of_input(model)
    inputs = _inputs_of(shape, name)
    with _traced(model, (inputs,), {}) as outputs:
        indices = {x.name for x in keras.tree.flatten(inputs) if _feeds_embeddings(x)}
        if not indices:
            yield inputs, outputs
            return
    # Keras notes no types, and an Embedding takes floats too: what only embeddings read are indices.
    inputs = _inputs_of(shape, name, indices)
    with _traced(model, (inputs,), {}) as outputs:
        yield inputs, outputs


@contextmanager
def of_layer(layer: Any, args: Any, kwargs: Any) -> Iterator[Traced]:
    """(flat list of inputs, outputs) of a layer's `call` on tensors like these. Raises Unsupported likewise."""
    made: list[Any] = []

    def fresh(x: Any) -> Any:
        if not isinstance(x, keras.KerasTensor):
            return x
        made.append(keras.Input(batch_shape=x.shape, dtype=x.dtype))
        return made[-1]

    args, kwargs = keras.tree.map_structure(fresh, (args, dict(kwargs)))
    kwargs = {name: value for name, value in kwargs.items() if name != "training" and value is not None}
    with _traced(layer, args, kwargs) as outputs:
        yield made, outputs


@contextmanager
def _traced(layer: Any, args: Any, kwargs: Any) -> Iterator[Any]:
    sublayers = layer._flatten_layers() if isinstance(layer, keras.layers.Layer) else []
    noted = [(sub, len(sub._inbound_nodes), len(sub._outbound_nodes)) for sub in sublayers]
    watch = _Watch()
    try:
        try:
            with watch:
                outputs = _function(layer)(*args, **kwargs)
        except Exception as error:  # the user's code, on symbolic tensors: anything may happen
            raise _untraceable(layer, f"its call cannot be traced ({_first_line(error)})") from error
        if watch.touched:
            names = ", ".join(sorted(set(watch.touched)))
            raise _untraceable(
                layer, f"its call uses the value of variable {names} outside a keras.ops function of a tensor"
            )
        if not all(isinstance(x, keras.KerasTensor) for x in keras.tree.flatten(outputs)):
            raise _untraceable(layer, "its call does not return tensors only")
        yield outputs
    finally:
        for sub, inbound, outbound in noted:
            del sub._inbound_nodes[inbound:], sub._outbound_nodes[outbound:]


def _function(layer: Any) -> Any:
    if isinstance(layer, keras.layers.Lambda):
        return lambda x, **kwargs: layer.function(x, **{**(layer.arguments or {}), **kwargs})
    return layer.call


def _name_of_input(model: Any) -> str:
    """That of the argument of `call`, unless a layer has it."""
    name = next(iter(inspect.signature(model.call).parameters), "input")
    return f"{name}_input" if name in {layer.name for layer in model._flatten_layers()} else name


def _inputs_of(shape: Any, name: str, indices: Collection[str] = ()) -> Any:
    """Inputs for a shape or a structure of shapes, as in a build config: named by key or number, `indices` int32."""
    if isinstance(shape, dict):
        return {key: _inputs_of(inner, str(key), indices) for key, inner in shape.items()}
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple, dict)):
        return [_inputs_of(inner, f"{name}_{i}", indices) for i, inner in enumerate(shape)]
    dtype = "int32" if name in indices else "float32"
    return keras.Input(batch_shape=(None, *shape[1:]), dtype=dtype, name=name)


def _feeds_embeddings(x: Any) -> bool:
    readers = [node.operation for node in x._keras_history.operation._outbound_nodes]
    return bool(readers) and all(isinstance(reader, keras.layers.Embedding) for reader in readers)


def _untraceable(layer: Any, reason: str) -> Unsupported:
    kind = "model" if isinstance(layer, keras.Model) else "layer"
    return Unsupported(
        f"{kind} {layer.name!r} ({type(layer).__name__}): {reason}; write its call with keras layers and keras.ops on "
        "its tensors (`keras.ops.multiply(x, self.w)`), or give the layer a `tfq_parts` method (docs/own-layers.md)"
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
