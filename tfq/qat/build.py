"""quantize: the planned network as a Keras model of tfq layers on fresh inputs, with copies of the trained weights."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError
from tfq.qat.base import QuantizedLayer
from tfq.qat.capture import Value, capture
from tfq.qat.elementwise import (
    QuantizedActivation,
    QuantizedAdd,
    QuantizedInput,
    QuantizedRelu,
    QuantizedRelu6,
    QuantizedScale,
    Requantize,
)
from tfq.qat.equalize import equalize
from tfq.qat.kernels import QuantizedConv2D, QuantizedDense, QuantizedDepthwiseConv2D
from tfq.qat.movement import (
    QuantizedAveragePool,
    QuantizedConcatenate,
    QuantizedDropout,
    QuantizedGlobalAverage,
    QuantizedMaxPool,
    QuantizedPad,
    QuantizedReshape,
)
from tfq.qat.part import Part, numpy_weights
from tfq.qat.plan import Plan, free_name, make_plan
from tfq.recipe import Recipe


def plan(model: Any, recipe: Recipe | None = None) -> Plan:
    """What `quantize` would do with this model, printable. Raises as `quantize` does."""
    if recipe is not None and not isinstance(recipe, Recipe):
        received = type(recipe).__name__
        raise TfqError(f"recipe must be a tfq.Recipe, received {received}; read a file with tfq.Recipe.load(path)")
    graph = capture(model)
    if any(isinstance(call.layer, QuantizedLayer) for call in graph.calls):
        raise TfqError(f"model {model.name!r} is quantized already; give quantize the float model")
    planned = make_plan(graph, recipe or Recipe())
    _require_finite(planned)
    equalize(planned)
    return planned


def quantize(model: Any, recipe: Recipe | None = None) -> Any:
    """A quantization-aware Keras model with the weights, names and structure of a float one, which stays as it is.

    Args: model: functional or Sequential, built. recipe: see `tfq.Recipe`.

    Train it with `fit`, or only call `tfq.calibrate`; then its predict gives the integers of the exported file.

    Raises:
        Unsupported: naming every layer that has no int8 form.
        TfqError: not a built Keras model, or weights that are not finite.
    """
    planned = plan(model, recipe)
    for note in planned.notes:
        print(f"tfq: {note}", file=sys.stderr)
    return _build(planned, model.name)


def _require_finite(planned: Plan) -> None:
    weights = [(p.name, w) for p in planned.parts for w in numpy_weights(p) + numpy_weights(p, norm=True)]
    bad = dict.fromkeys(name for name, w in weights if not np.all(np.isfinite(w)))
    if bad:
        raise TfqError(f"layer {', '.join(map(repr, bad))}: weights hold NaN or infinity; train the float model anew")


def _build(planned: Plan, name: str) -> Any:
    tensors: dict[Value, Any] = {}
    graph = planned.graph
    taken = {part.name for part in planned.parts} | set(graph.input_names)
    inputs = []
    for value, input_name in zip(graph.inputs, graph.input_names, strict=True):
        tensor = keras.Input(batch_shape=(None, *value.shape[1:]), dtype="float32", name=input_name)
        inputs.append(tensor)
        tensors[value] = QuantizedInput(recipe=planned.recipe, name=free_name(f"{input_name}_quantized", taken))(tensor)
    for part in planned.parts:
        sources = [tensors[value] for value in part.inputs]
        if part.kind == "identity":
            tensors[part.output] = sources[0]
            continue
        if not part.settings.get("is_float"):
            sources = [_on_grid(x, planned.recipe, taken) for x in sources]
        if part.kind == "concatenate":
            names = [f"{part.name}_input_{i}" for i in range(len(sources))]
            sources = [_on_own_range(x, name, planned.recipe, taken) for x, name in zip(sources, names, strict=True)]
        layer = MAKERS[part.kind](part, planned.recipe)
        tensors[part.output] = layer(sources[0] if len(sources) == 1 and part.kind != "concatenate" else sources)
    outputs = [tensors[value] for value in graph.outputs]
    pack = keras.tree.pack_sequence_as
    # A list of one input would make Keras warn whenever an array is passed.
    entry = inputs[0] if isinstance(graph.input_structure, list) and len(inputs) == 1 else None
    entry = pack(graph.input_structure, inputs) if entry is None else entry
    return keras.Model(entry, pack(graph.output_structure, outputs), name=name)


def _on_grid(x: Any, recipe: Recipe, taken: set[str]) -> Any:
    """x, quantized if a left-out layer made it; once for all its readers."""
    layer = x._keras_history.operation
    if not layer.is_float:
        return x
    made = [n.operation for n in layer._outbound_nodes if isinstance(n.operation, QuantizedInput)]
    if made:
        return made[0].output
    return QuantizedInput(recipe=recipe, name=free_name(f"{layer.name}_quantized", taken))(x)


def _on_own_range(x: Any, name: str, recipe: Recipe, taken: set[str]) -> Any:
    """x, requantized if its grid is fixed: the inputs of a concatenation share one range."""
    layer, site = x._keras_history.operation, 0
    owner, _ = layer.owner(site)
    return x if owner.has_range else Requantize(recipe=recipe, name=free_name(name, taken))(x)


def _copy(layer: Any, weights: list[np.ndarray] | None, **changes: Any) -> Any:
    """A Keras layer like this one, with its weights, sharing nothing with it."""
    clone = type(layer).from_config({**layer.get_config(), **changes})
    if layer.built:
        clone.build_from_config(layer.get_build_config())
    clone.trainable = layer.trainable
    values = weights if weights is not None else [keras.ops.convert_to_numpy(w) for w in layer.weights]
    if values:
        clone.set_weights(values)
    return clone


def _weighted(cls: type) -> Callable[[Part, Recipe], Any]:
    def make(part: Part, recipe: Recipe) -> Any:
        inner = _bare_copy(part)
        norm = None if part.batch_norm is None else _copy(part.batch_norm, part.norm_weights)
        settings = {"activation": part.activation, **part.settings}
        return cls(inner=inner, batch_norm=norm, recipe=recipe, name=part.name, **settings)

    return make


def _bare_copy(part: Part) -> Any:
    """The weighted layer without its activation, regularizers kept; built here if the plan made it."""
    layer = part.layer
    if not layer.built:
        layer.build(part.inputs[0].shape)
    return _copy(layer, part.weights, activation="linear")


def _scale(part: Part, recipe: Recipe) -> Any:
    return QuantizedScale(
        inner=_copy(part.layer, part.weights), activation=part.activation, recipe=recipe, name=part.name
    )


def _with_inner(cls: type) -> Callable[[Part, Recipe], Any]:
    return lambda part, recipe: cls(inner=_copy(part.layer, None, dtype="float32"), recipe=recipe, name=part.name)


def _plain(cls: type) -> Callable[[Part, Recipe], Any]:
    return lambda part, recipe: cls(recipe=recipe, name=part.name, **part.settings)


def _add(part: Part, recipe: Recipe) -> Any:
    return QuantizedAdd(activation=part.activation, recipe=recipe, name=part.name)


MAKERS: dict[str, Callable[[Part, Recipe], Any]] = {
    "conv_2d": _weighted(QuantizedConv2D),
    "depthwise_conv_2d": _weighted(QuantizedDepthwiseConv2D),
    "dense": _weighted(QuantizedDense),
    "scale": _scale,
    "add": _add,
    "activation": _plain(QuantizedActivation),
    "relu": _plain(QuantizedRelu),
    "relu6": _plain(QuantizedRelu6),
    "global_average": _plain(QuantizedGlobalAverage),
    "concatenate": _plain(QuantizedConcatenate),
    "reshape": _with_inner(QuantizedReshape),
    "dropout": _with_inner(QuantizedDropout),
    "pad": _with_inner(QuantizedPad),
    "max_pool": _with_inner(QuantizedMaxPool),
    "average_pool": _with_inner(QuantizedAveragePool),
}
