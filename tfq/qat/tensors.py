"""What a quantized model computes between its layers, by the names that its tensors have in the exported file."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from tfq.qat.capture import Call, capture
from tfq.qat.lower import activation_of, lower
from tfq.qat.modes import float_pass

BATCH = 16

# Building the model of all tensors and tracing it takes longer than running it: once for each quantized model.
_probes: WeakKeyDictionary[Any, tuple[Any, dict[str, Call]]] = WeakKeyDictionary()


def integers(model: Any, x: Any) -> dict[str, np.ndarray]:
    """The stored integers (float32) of every tensor that the exported file has too, by its name: Keras's own predict.

    Args: model: quantized, with ranges. x: real inputs, as the model takes them.
    Raises: TfqError: not a quantized model, or ranges that have seen no data.
    """
    probe, calls = _probe(model)
    reals = predict(probe, x)
    grids = {name: activation_of(call).grid for name, call in calls.items()}
    return {name: np.rint(reals[name] / g.scale) + g.zero_point for name, g in grids.items() if g is not None}


def floats(model: Any, x: Any) -> dict[str, np.ndarray]:
    """The same tensors of the float network (batch norm by its moving statistics, nothing rounded), float32.

    Args, Raises: as `integers`.
    """
    probe, _ = _probe(model)
    with float_pass():
        found = probe(x, training=False)
    return {name: np.asarray(keras.ops.convert_to_numpy(y), np.float32) for name, y in found.items()}


def predict(model: Any, x: Any) -> Any:
    """What model.predict(x) gives, NumPy. In whole batches, as another size would be traced anew."""
    count = len(keras.tree.flatten(x)[0])
    padded = keras.tree.map_structure(_padded, x)
    made = model.predict(padded, batch_size=BATCH, verbose=0)
    whole = len(keras.tree.flatten(padded)[0])
    # A sample has several rows where a reshape folds axes into the batch.
    return keras.tree.map_structure(lambda array: array[: count * (len(array) // whole)], made)


def _padded(array: Any) -> np.ndarray:
    """The samples, and zeros up to whole batches."""
    array = np.asarray(array)
    return np.concatenate([array, np.zeros((-len(array) % BATCH, *array.shape[1:]), array.dtype)])


def _probe(model: Any) -> tuple[Any, dict[str, Call]]:
    """(a model that gives a dict of tensors, the calls that make them)."""
    if model not in _probes:
        program = lower(model)
        made = {entry.name for entry in program.entries} | {step.output.name for step in program.steps}
        graph = capture(model)
        inputs = dict(zip(graph.inputs, graph.input_names, strict=True))
        # An input's quantizer makes the file's input; a dropout makes nothing.
        named = {inputs.get(call.inputs[0], call.name): call for call in graph.calls}
        calls = {name: call for name, call in named.items() if name in made}
        _probes[model] = keras.Model(model.input, {name: call.layer.output for name, call in calls.items()}), calls
    return _probes[model]
