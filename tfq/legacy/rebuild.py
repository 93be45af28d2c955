"""A tf_keras model as an equal Keras 3 model: its graph walked call by call, nested models and shared layers kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.legacy import operators, peers
from tfq.legacy.layers import Reading, is_known, make_layer, modern_name, set_weights
from tfq.legacy.source import MODELS, layers_of

# Reads a tf_keras layer; None: it computes nothing and vanishes.
Read = Callable[[Any], "Reading | None"]


@dataclass(frozen=True, eq=False)
class Pair:
    """One call's result in both models. layer: of tf_keras. old, new: tensors of the two graphs."""

    layer: Any
    old: Any
    new: Any


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """model: of Keras 3. inputs: its input tensors, in the order of the tf_keras model's. pairs: in execution order."""

    model: Any
    inputs: list[Any]
    pairs: list[Pair] = field(default_factory=list)


def refusals(config: dict[str, Any], known: tuple[str, ...] = ()) -> list[str]:
    """What keeps a configuration of Keras 2 from becoming a Keras 3 model, a line each. known: further class names."""
    if config.get("class_name") not in MODELS:
        kind = config.get("class_name")
        return [f"model ({kind}) is subclassed; a file keeps no layers of it, rebuild it in code"]
    found: dict[str, list[str]] = {}
    for kind, name, settings in layers_of(config):
        if kind in operators.LAYERS:
            kind = f"tf.{settings.get('function')}"
            if settings.get("function") in operators.OPERATORS:
                continue
        elif kind in known or is_known(kind):
            continue
        found.setdefault(kind, []).append(repr(name))
    return [f"{_named(names)} ({kind}) {_way_out(kind)}" for kind, names in found.items()]


def _named(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ("layer " if len(names) == 1 else "layers ") + ", ".join(names[:3]) + more


def _way_out(kind: str) -> str:
    if kind == "Lambda":
        return "holds Python code, which is not run; replace it by operators or a layer"
    if kind.startswith("tf."):
        return "has no form in keras.ops here; replace it by a layer"
    if kind.startswith("Quantize"):
        return "is TFMOT's; take the network over with tfq.from_tfmot"
    pair = "(the tf_keras class, the Keras 3 class)"
    return f"is not in Keras 3; give custom_objects={{{kind!r}: {pair}}} or replace it"


class Rebuilder:
    """Makes the twins; a layer or nested model that occurs several times has one. read: see Read."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.twins: dict[Any, Any] = {}
        self.readings: dict[Any, Reading | None] = {}
        self.nest = peers.tf_keras_nest()

    def rebuild(self, old: Any) -> Rebuilt:
        """The Keras 3 twin of a built functional or Sequential tf_keras model. Raises Unsupported, TfqError."""
        if not getattr(old, "_is_graph_network", False):
            raise TfqError(f"model {old.name!r} is no built graph of layers; give it an Input or call it once")
        rebuilt = self._sequential(old) if type(old).__name__ == "Sequential" else self._functional(old)
        rebuilt.model.trainable = old.trainable
        return rebuilt

    def twin(self, old: Any) -> Any:
        """The Keras 3 layer or model for a tf_keras one; None where it vanishes."""
        if old not in self.twins:
            if getattr(old, "_is_graph_network", False):
                self.twins[old] = self.rebuild(old).model
            else:
                reading = self.readings[old] = self.read(old)
                self.twins[old] = None if reading is None else make_layer(reading, self.twin)
        return self.twins[old]

    def finish(self, old: Any) -> None:
        """Copies the weights once the twin is built."""
        reading = self.readings.pop(old, None)
        if reading is not None:
            set_weights(self.twins[old], reading)
            self.twins[old].trainable = old.trainable

    def _functional(self, old: Any) -> Rebuilt:
        inputs = [_input(tensor) for tensor in old.inputs]
        tensors = {id(tensor): new for tensor, new in zip(old.inputs, inputs, strict=True)}
        pairs: list[Pair] = []
        for node in _nodes(old):
            args, kwargs = (_mapped(value, tensors) for value in (tuple(node.call_args), dict(node.call_kwargs)))
            results = self._call(node.layer, args, kwargs)
            for before, after in zip(self._flat(node.outputs), _listed(results, node.outputs), strict=True):
                tensors[id(before)] = after
                if isinstance(after, keras.KerasTensor):
                    pairs.append(Pair(node.layer, before, after))
        outputs = _mapped(old._nested_outputs, tensors)
        if any(not isinstance(one, keras.KerasTensor) for one in keras.tree.flatten(outputs)):
            raise Unsupported(f"model {old.name!r} gives a tensor's shape as its output")
        entry = _mapped(old._nested_inputs, tensors)
        model = keras.Model(_alone(entry), _alone(outputs), name=modern_name(old.name))
        return Rebuilt(model, inputs, pairs)

    def _sequential(self, old: Any) -> Rebuilt:
        entry = _input(old.inputs[0])
        kept = [(layer, self.twin(layer)) for layer in old.layers]
        twins = [twin for _, twin in kept if twin is not None]
        model = keras.Sequential([entry, *twins], name=modern_name(old.name))
        pairs, after = [], model.inputs[0]
        for layer, twin in kept:
            if twin is not None:
                self.finish(layer)
                after = twin._inbound_nodes[-1].output_tensors[0]
            pairs.append(Pair(layer, layer._inbound_nodes[-1].outputs, after))
        return Rebuilt(model, list(model.inputs), pairs)

    def _call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if type(layer).__name__ in operators.LAYERS:
            try:
                return operators.apply(layer.function, layer.symbol, args, kwargs)
            except Unsupported as error:
                raise Unsupported(f"operator {layer.name!r}: {error}") from error
            except Exception as error:  # what keras.ops raises for arguments that it does not take
                line = str(error).strip().splitlines()[0]
                raise Unsupported(
                    f"operator {layer.name!r} (tf.{layer.symbol}): not in keras.ops so ({line})"
                ) from error
        if kwargs.get("training"):
            raise Unsupported(f"layer {layer.name!r} is called with training=True, which a Keras 3 graph does not hold")
        twin = self.twin(layer)
        if twin is None:
            return args[0]
        kwargs = {key: value for key, value in kwargs.items() if value is not None}
        if isinstance(twin, (keras.layers.RNN, keras.layers.Bidirectional)) and isinstance(args[0], list):
            sequence, *states = args[0]  # Keras 2 hands on the initial state in the inputs
            mask = getattr(sequence, "_keras_mask", None)  # Keras 3 hands it on by itself only to a single argument
            more = {"initial_state": states} if mask is None else {"initial_state": states, "mask": mask}
            args, kwargs = (sequence,), {**more, **kwargs}
        result = twin(*args, **kwargs)
        self.finish(layer)
        return result

    def _flat(self, value: Any) -> list[Any]:
        return self.nest.flatten(value)


def _nodes(old: Any) -> Iterator[Any]:
    """The calls of a tf_keras graph in execution order, inputs left out."""
    for depth in sorted(old._nodes_by_depth, reverse=True):
        yield from (node for node in old._nodes_by_depth[depth] if not node.is_input)


def _input(tensor: Any) -> Any:
    """A Keras 3 input with the name, shape and type of a tf_keras one."""
    layer = tensor._keras_history.layer
    kind, dtype = type(tensor).__name__, tensor.dtype.name
    if kind != "KerasTensor" or dtype == "string":
        what = "text" if dtype == "string" else kind.removesuffix("KerasTensor").lower()
        raise Unsupported(f"input {layer.name!r}: {what} inputs have no form in Keras 3; feed dense numbers")
    return keras.Input(batch_shape=tuple(tensor.shape), dtype=dtype, name=modern_name(layer.name))


def _mapped(value: Any, tensors: dict[int, Any]) -> Any:
    """A structure with Keras 3 tensors for those of tf_keras, NumPy arrays for TensorFlow's constants."""
    if isinstance(value, dict):
        return {key: _mapped(one, tensors) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return (tuple if isinstance(value, tuple) else list)(_mapped(one, tensors) for one in value)
    if hasattr(value, "_keras_history"):
        return tensors[id(value)]
    return np.asarray(value) if hasattr(value, "numpy") else value


def _listed(results: Any, like: Any) -> list[Any]:
    """Results flattened as tf_keras's were; one tensor's worth may be a tuple: a shape."""
    return [results] if hasattr(like, "_keras_history") else keras.tree.flatten(results)


def _alone(structure: Any) -> Any:
    """The tensor of a list of one, for which Keras would warn at every call."""
    return structure[0] if isinstance(structure, list) and len(structure) == 1 else structure
