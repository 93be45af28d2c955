"""load_legacy: a model file of Keras 2 as an equal Keras 3 model."""

from __future__ import annotations

import os
from typing import Any

import keras

from tfq.errors import TfqError, Unsupported
from tfq.legacy import peers
from tfq.legacy.compare import difference
from tfq.legacy.layers import read_layer
from tfq.legacy.rebuild import Pair, Rebuilder, refusals
from tfq.legacy.source import Source, first_line, read_source


def load_legacy(path: str | os.PathLike[str], custom_objects: dict[str, tuple[type, type]] | None = None) -> Any:
    """The Keras 3 model equal to the one in a file of Keras 2: `.h5`, `.keras` or the folder of a SavedModel.

    Args: custom_objects: for layers of your own: class name -> (the tf_keras class, the Keras 3 class); the second is
    made from the first's configuration and takes its weights in order.

    A file that Keras 3 opens as it is, is opened so. Otherwise the model is rebuilt layer by layer from what tf_keras
    reads; operators (TFOpLambda) become keras.ops. Both are compared with tf_keras on random inputs. Names, shared
    layers, nested models and what is frozen are kept; optimizer, loss and metrics are not: compile it anew.
    Code in the file (a Lambda) is not run.

    Raises:
        Unsupported: naming every layer, operator or option that Keras 3 has not, and what to do.
        TfqError: no such file, not a whole model, tf_keras is missing, or the models differ, naming the first layer.
    """
    source = read_source(path)
    customs = dict(custom_objects or {})
    if source.config is None:
        return _of_keras_3(source, customs)
    lines = refusals(source.config, tuple(customs))
    if lines:
        raise Unsupported(f"{source.path}: cannot be made a Keras 3 model:\n  " + "\n  ".join(lines))
    direct = _direct(source, customs)
    try:
        old = open_old(source, {name: pair[0] for name, pair in customs.items()})
    except TfqError:
        if direct is None:
            raise
        return direct
    if direct is not None and _equal(old, direct):
        return direct
    rebuilt = Rebuilder(lambda layer: read_layer(layer, customs)).rebuild(old)
    found = difference(old, rebuilt.pairs, rebuilt.inputs)
    if found:
        raise TfqError(
            f"{source.path}: the Keras 3 model differs from tf_keras's, first at {found}; "
            "replace that layer in the program that made the model"
        )
    return rebuilt.model


def open_old(source: Source, custom_objects: dict[str, type] | None = None) -> Any:
    """The file's model in tf_keras, not compiled. Raises TfqError."""
    load = peers.tf_keras().models.load_model
    try:
        return load(source.path, custom_objects=custom_objects or None, compile=False)
    except Exception as error:  # tf_keras, h5py and TensorFlow raise many kinds for broken files
        raise TfqError(f"{source.path}: tf_keras does not open it ({first_line(error)})") from error


def _of_keras_3(source: Source, customs: dict[str, tuple[type, type]]) -> Any:
    try:
        return keras.saving.load_model(source.path, _new(customs), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for broken archives and unknown classes
        raise TfqError(f"{source.path}: a file of Keras 3, which does not open it ({first_line(error)})") from error


def _direct(source: Source, customs: dict[str, tuple[type, type]]) -> Any:
    """The model if Keras 3 opens the file as it is, else None."""
    if os.path.isdir(source.path):
        return None
    try:
        return keras.saving.load_model(source.path, _new(customs), compile=False, safe_mode=True)
    except Exception:  # whatever it is that Keras 3 does not know of Keras 2
        return None


def _new(customs: dict[str, tuple[type, type]]) -> dict[str, type]:
    return {name: pair[1] for name, pair in customs.items()}


def _equal(old: Any, new: Any) -> bool:
    """Whether Keras 3's own reading has tf_keras's inputs, in name and order, and its outputs."""
    news, names = keras.tree.flatten(new.inputs), [tensor._keras_history.layer.name for tensor in old.inputs]
    if [tensor._keras_history[0].name for tensor in news] != names or len(old.outputs) != len(new.outputs):
        return False
    pairs = [Pair(t._keras_history.layer, t, n) for t, n in zip(old.outputs, new.outputs, strict=True)]
    try:
        return difference(old, pairs, list(new.inputs)) is None
    except Exception:  # a graph that does not even run
        return False
