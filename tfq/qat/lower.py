"""A quantized Keras model as a Program: its layers' deployed integers, read out as NumPy arrays."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError
from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.qat.base import QuantizedLayer
from tfq.qat.calibrate import quantized_layers
from tfq.qat.capture import Call, Graph, Value, capture
from tfq.qat.program import Activation, Program, Step


def lower(model: Any) -> Program:
    """The network's ops, weights and grids.

    Raises: TfqError: not a quantized model, or naming every layer whose range has seen no data.
    """
    layers = quantized_layers(model)
    graph = capture(model)
    foreign = [call.name for call in graph.calls if not isinstance(call.layer, QuantizedLayer)]
    if foreign:
        raise TfqError(
            f"layer {', '.join(map(repr, foreign))}: not a layer of tfq's; quantize the float model as a whole"
        )
    _require_ranges(graph)
    _require_finite(graph)
    return _program(graph, layers[0].recipe.to_dict())


def _require_ranges(graph: Graph) -> None:
    unseen = [c.name for c in graph.calls if c.layer.has_range and not c.layer.has_seen_data(c.site)]
    if unseen:
        raise TfqError(
            f"layer {', '.join(map(repr, unseen))}: the range of its output has seen no data, so it has no scale; "
            "call tfq.calibrate(model, data) or train with fit first"
        )


def _require_finite(graph: Graph) -> None:
    weights = [(call.name, arrays_of(call)) for call in graph.calls]
    bad = [name for name, values in weights if not all(np.all(np.isfinite(w)) for w in values)]
    if bad:
        raise TfqError(
            f"layer {', '.join(map(repr, bad))}: weights hold NaN or infinity, which no integer stands for; "
            "train anew from a file saved before that, with a lower learning rate"
        )


def arrays_of(call: Call) -> list[np.ndarray]:
    """The layer's variables as NumPy arrays, integer ones (seeds) left out."""
    variables = [variable for variable in call.layer.weights if "float" in str(variable.dtype)]
    return [np.asarray(keras.ops.convert_to_numpy(variable), np.float32) for variable in variables]


def _program(graph: Graph, recipe: dict[str, Any]) -> Program:
    names: dict[Value, str] = dict(zip(graph.inputs, graph.input_names, strict=True))
    entries: dict[str, Activation] = {}
    steps: list[Step] = []
    for call in graph.calls:
        sources = [names[value] for value in call.inputs]
        output = activation_of(call)
        made = call.layer.lower(call.site, sources, output)
        steps += made
        names[call.output] = output.name if made else sources[0]
        for value, source in zip(call.inputs, sources, strict=True):
            if value in graph.inputs:
                whole = value.dtype.startswith("int")
                entries[source] = (
                    Activation(source, value.shape, None, value.dtype.upper())
                    if whole
                    else Activation(source, output.shape, output.grid)
                )
    for value, name in zip(graph.inputs, graph.input_names, strict=True):
        # An input that nothing reads keeps its place in the signature.
        unit = None if value.dtype.startswith("int") else Affine(np.float32(1), np.float32(0))
        entries.setdefault(name, Activation(name, value.shape, unit, "FLOAT32" if unit else value.dtype.upper()))
    outputs = tuple(zip(output_names(graph), (names[value] for value in graph.outputs), strict=True))
    inputs = tuple((name, name) for name in graph.input_names)
    return Program(tuple(entries[name] for _, name in inputs), inputs, outputs, tuple(steps), recipe)


def output_names(graph: Graph) -> list[str]:
    """Keras's names of the outputs: of the layers that make them; made unique, as a signature must be."""
    found: list[str] = []
    for value in graph.outputs:
        name = value.producer.name if value.producer is not None else "output"
        found.append(name if name not in found else f"{name}_{len(found)}")
    return found


def activation_of(call: Call) -> Activation:
    """The activation that a call makes, with its grid as NumPy scalars."""
    if call.layer.is_float:
        return Activation(call.name, tuple(call.output.shape), None)
    grid = call.layer.grid(arrays, call.site)
    grid = Affine(np.float32(grid.scale), np.float32(grid.zero_point), grid.qmin, grid.qmax)
    return Activation(call.name, tuple(call.output.shape), grid)


def tensor_model(model: Any) -> tuple[Any, dict[str, Affine]]:
    """(a model that gives every quantized layer's output under its tensor's name, the grids by name)."""
    calls = [call for call in capture(model).calls if call.layer.sites == 1]
    grids = {call.name: grid for call in calls if (grid := activation_of(call).grid) is not None}
    return keras.Model(model.input, {call.name: call.layer.output for call in calls if call.name in grids}), grids
