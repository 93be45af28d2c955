"""A Keras model as a plain graph: calls in execution order and the values between them, nested models expanded.

All of Keras's private attributes that tfq reads are in this file, in `trace` and in `base.producer_of`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from tfq.errors import TfqError, Unsupported
from tfq.qat import trace


@dataclass(eq=False)
class Value:
    """A tensor of the graph. shape: with None for the batch."""

    shape: tuple[int | None, ...]
    dtype: str
    producer: Call | None = None


@dataclass(eq=False)
class Call:
    """One call of a layer or operation.

    args, kwargs: as in the user's code, with a Value for each tensor; numbers, arrays and variables as they are.
    site: how many calls of the same layer came before. scope: names of the nested models and layers around it.
    refusal: why the layer could be neither known nor traced.
    masked: whether a Keras mask hangs on a tensor among the arguments: layers find it there when they are called.
    """

    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[Value]
    site: int = 0
    scope: tuple[str, ...] = ()
    calls_of_layer: int = 1
    masked: bool = False
    refusal: Unsupported | None = None

    @property
    def name(self) -> str:
        """The layer's name, numbered for further calls of a shared layer."""
        return self.layer.name if self.site == 0 else f"{self.layer.name}_call_{self.site + 1}"

    @property
    def inputs(self) -> list[Value]:
        """All tensors among the arguments, in order."""
        return [x for x in keras.tree.flatten((self.args, self.kwargs)) if isinstance(x, Value)]

    @property
    def output(self) -> Value:
        """The first output."""
        return self.outputs[0]


@dataclass(eq=False)
class Graph:
    """calls: in execution order, inputs excluded. input_names: of the InputLayers, in the model's order.

    output_names: of the layers (nested models among them) that make the outputs.
    """

    inputs: list[Value]
    input_names: list[str]
    outputs: list[Value]
    calls: list[Call]
    input_structure: Any
    output_structure: Any
    output_names: list[str]


def capture(model: Any, known: Callable[[Any], bool] = lambda layer: True) -> Graph:
    """The graph of a functional, Sequential or traceable subclassed model.

    known: says of a layer that it is to be a call of its own; others are traced into what their `call` does.

    Raises TfqError for a model that is not built, Unsupported for one that is not a graph of layers.
    """
    if not isinstance(model, keras.Model):
        raise TfqError(f"expected a keras.Model, received {type(model).__name__}")
    if isinstance(model, keras.Sequential) and not model.built:
        raise TfqError(f"model {model.name!r} is not built: give it an Input or call it once, then quantize it")
    functional = as_functional(model)
    if functional is None:
        with trace.of_model(model) as (inputs, outputs):
            return _graph(inputs, outputs, inputs, outputs, known)
    return _graph(functional.inputs, functional.outputs, functional._inputs_struct, functional._outputs_struct, known)


def inside(layer: Any, x: Value, known: Callable[[Any], bool]) -> tuple[list[Call], Value]:
    """The calls that a layer's `call` on x comes to, and the value they give. Raises Unsupported as tracing does."""
    walk = _Walk(known)
    with trace.of_layer(layer, (keras.KerasTensor(x.shape, "float32"),), {}) as (inputs, outputs):
        (made,) = walk.follow(inputs, [x], keras.tree.flatten(outputs), (layer.name,))
    return walk.calls, made


def called(layer: Any, x: Value, known: Callable[[Any], bool]) -> tuple[list[Call], list[Value]]:
    """(the calls that layer(x) comes to, what they give): one of the layer itself if it is known, those of a model."""
    inner = as_functional(layer)
    if inner is not None:
        walk = _Walk(known)
        return walk.calls, walk.follow(inner.inputs, [x], inner.outputs, (layer.name,))
    if not known(layer):
        calls, made = inside(layer, x, known)
        return calls, [made]
    shapes = layer.compute_output_shape(x.shape)
    shapes = shapes if isinstance(shapes[0], (list, tuple)) else [shapes]
    call = Call(layer, (x,), {}, [Value(tuple(shape), "float32") for shape in shapes])
    for value in call.outputs:
        value.producer = call
    return [call], call.outputs


def refresh_shapes(call: Call) -> None:
    """Output shapes of a call whose inputs are known better than when Keras made it."""
    if all(None not in value.shape[1:] for value in call.outputs) or any(None in x.shape[1:] for x in call.inputs):
        return

    def symbolic(x: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype) if isinstance(x, Value) else x

    args, kwargs = keras.tree.map_structure(symbolic, (call.args, call.kwargs))
    made = keras.tree.flatten(call.layer.compute_output_spec(*args, **kwargs))
    for value, tensor in zip(call.outputs, made, strict=True):
        value.shape = tuple(tensor.shape)


def as_functional(layer: Any) -> Any:
    """The functional model that a layer is, None if it is something else."""
    if isinstance(layer, keras.Sequential):
        layer = layer._functional
    return layer if isinstance(layer, keras.Model) and hasattr(layer, "_inputs_struct") else None


def _graph(inputs: Any, outputs: Any, entry: Any, exit: Any, known: Callable[[Any], bool]) -> Graph:
    tensors = keras.tree.flatten(inputs)
    _require_sizes(tensors)
    walk = _Walk(known, min((t.shape[0] for t in tensors if t.shape and t.shape[0]), default=0))
    values = [Value((None, *tensor.shape[1:]), _dtype(tensor)) for tensor in tensors]
    found = walk.follow(tensors, values, keras.tree.flatten(outputs), ())
    names = [tensor._keras_history[0].name for tensor in tensors]
    for call in walk.calls:
        call.calls_of_layer = walk.sites[id(call.layer)] + 1
    makers = [tensor._keras_history[0].name for tensor in keras.tree.flatten(outputs)]
    return Graph(values, names, found, walk.calls, entry, exit, makers)


def _require_sizes(inputs: list[Any]) -> None:
    for tensor in inputs:
        if None in tensor.shape[1:]:
            raise Unsupported(
                f"input {tensor._keras_history[0].name!r}: shape {tuple(tensor.shape)} leaves a size open besides the "
                "batch, and an int8 file has fixed sizes; build the model with whole sizes (keras.Input((224, 224, 3)))"
            )


class _Walk:
    """Follows tensors back to the inputs; collects calls in execution order.

    batch: the model's, if its inputs fix one: values have None for it all the same.
    """

    def __init__(self, known: Callable[[Any], bool], batch: int = 0) -> None:
        self.known = known
        self.batch = batch
        self.calls: list[Call] = []
        self.sites: dict[int, int] = {}

    def follow(self, inputs: list[Any], values: list[Value], outputs: list[Any], scope: tuple[str, ...]) -> list[Value]:
        """The values of `outputs`, given those of `inputs`."""
        found = {id(tensor): value for tensor, value in zip(inputs, values, strict=True)}
        todo = [(tensor, False) for tensor in reversed(outputs)]
        while todo:
            tensor, ready = todo.pop()
            if id(tensor) in found:
                continue
            operation, node_index, _ = tensor._keras_history
            node = operation._inbound_nodes[node_index]
            if not node.input_tensors:
                raise TfqError(f"layer {operation.name!r} has no inputs and is not one of the model's inputs")
            if not ready:
                todo.append((tensor, True))
                todo += [(source, False) for source in reversed(node.input_tensors)]
                continue
            made = self.enter(operation, node, found, scope)
            found.update({id(tensor): value for tensor, value in zip(node.outputs, made, strict=True)})
        return [found[id(tensor)] for tensor in outputs]

    def with_free_batch(self, shape: Any) -> tuple[int | None, ...]:
        """The shape with None for a fixed batch, also where other axes are folded into it."""
        fixed = self.batch and shape and shape[0] and shape[0] % self.batch == 0
        return (None, *shape[1:]) if fixed else tuple(shape)

    def enter(self, operation: Any, node: Any, found: dict[int, Value], scope: tuple[str, ...]) -> list[Value]:
        """The outputs of one node: of a call, or of what is inside a nested model or an unknown layer."""

        def valued(x: Any) -> Any:
            return found[id(x)] if isinstance(x, keras.KerasTensor) else x

        args, kwargs = keras.tree.map_structure(valued, (tuple(node.arguments.args), dict(node.arguments.kwargs)))
        inner = as_functional(operation)
        if inner is not None:
            sources = [x for x in keras.tree.flatten(args[0]) if isinstance(x, Value)]
            return self.follow(inner.inputs, sources, inner.outputs, (*scope, operation.name))
        refusal = None
        if not self.known(operation):
            tensors = [x for x in keras.tree.flatten((node.arguments.args, node.arguments.kwargs)) if _is_tensor(x)]
            try:
                with trace.of_layer(operation, node.arguments.args, node.arguments.kwargs) as (inputs, outputs):
                    sources = [found[id(x)] for x in tensors]
                    return self.follow(inputs, sources, keras.tree.flatten(outputs), (*scope, operation.name))
            except Unsupported as error:
                refusal = error
        site = self.sites[id(operation)] = self.sites.get(id(operation), -1) + 1
        outputs = [Value(self.with_free_batch(t.shape), _dtype(t)) for t in node.outputs]
        masked = any(getattr(x, "_keras_mask", None) is not None for x in node.input_tensors)
        call = Call(operation, args, kwargs, outputs, kwargs.get("site", site), scope, masked=masked, refusal=refusal)
        for value in outputs:
            value.producer = call
        self.calls.append(call)
        return outputs


def _is_tensor(x: Any) -> bool:
    return isinstance(x, keras.KerasTensor)


def _dtype(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)
