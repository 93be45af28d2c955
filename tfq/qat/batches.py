"""Inputs for a model, batch by batch, from every form that Keras takes data in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError

BATCH = 64


def batches(model: Any, data: Any, steps: int | None = None) -> Iterator[Any]:
    """At most `steps` batches of inputs, as the model takes them.

    Raises: TfqError: data of no such form, or naming the inputs that a batch does not fit.
    """
    for index, item in enumerate(_source(data, len(model.inputs))):
        if steps is not None and index >= steps:
            return
        yield _fitted(model, item)


def _source(data: Any, number: int) -> Iterable[Any]:
    if isinstance(data, keras.utils.PyDataset):
        return (_inputs_of(data[i], number) for i in range(len(data)))
    if isinstance(data, tuple):
        data = _inputs_of(data, number)
    if _is_array(data) or isinstance(data, (dict, list, tuple)):
        return _slices(data)
    if hasattr(data, "__iter__"):
        return (_inputs_of(item, number) for item in data)
    received = type(data).__name__
    raise TfqError(
        "calibration data must be an array, a list, dict or tuple of arrays, a dataset or a generator, "
        f"received {received}"
    )


def _is_array(data: Any) -> bool:
    return hasattr(data, "shape") and hasattr(data, "__getitem__")


def _slices(data: Any) -> Iterator[Any]:
    arrays = [np.asarray(a) for a in keras.tree.flatten(data)]
    if not arrays or any(a.ndim == 0 for a in arrays) or len({a.shape[0] for a in arrays}) != 1:
        raise TfqError(f"calibration arrays must share their first dimension, received {[a.shape for a in arrays]}")
    for array in arrays:
        if not np.issubdtype(array.dtype, np.number):
            raise TfqError(f"calibration data must be numbers, received dtype {array.dtype}")
    for start in range(0, arrays[0].shape[0], BATCH):
        yield keras.tree.pack_sequence_as(data, [a[start : start + BATCH] for a in arrays])


def _inputs_of(item: Any, number: int) -> Any:
    """x of (x, y) or (x, y, weights); a flat tuple of as many tensors as the model has inputs is x itself."""
    if not isinstance(item, (tuple, list)) or not item:
        return item
    nested = any(isinstance(part, (tuple, list, dict)) for part in item)
    return item if number > 1 and len(item) == number and not nested else item[0]


def _fitted(model: Any, item: Any) -> Any:
    """The batch, of a dict only the inputs. Raises TfqError naming the inputs that it does not fit."""
    expected = {tensor.name: tensor for tensor in model.inputs}
    if isinstance(item, dict):
        keys = model.input if isinstance(model.input, dict) else expected
        missing = [name for name in keys if name not in item]
        if missing:
            raise TfqError(f"calibration data lacks input {', '.join(map(repr, missing))}; it has {', '.join(item)}")
        item = {name: item[name] for name in keys}
        if any(isinstance(part, (dict, list, tuple)) for part in item.values()):
            arrays = keras.tree.flatten(item)
        else:
            expected, arrays = keys, list(item.values())
    else:
        arrays = keras.tree.flatten(item)
    if len(arrays) != len(expected):
        raise TfqError(
            f"calibration data: expected {len(expected)} arrays, for input {', '.join(map(repr, expected))}, "
            f"received {len(arrays)}"
        )
    for (name, tensor), array in zip(expected.items(), arrays, strict=True):
        shape = tuple(getattr(array, "shape", ()))
        if not _fits(shape, tensor.shape):
            raise TfqError(f"calibration data for input {name!r}: expected shape {tensor.shape}, received {shape}")
    return item


def _fits(shape: tuple[int | None, ...], expected: tuple[int | None, ...]) -> bool:
    """As Keras has it: a last dimension of 1 may be left out, or be there in excess."""
    for given, wanted in ((shape, expected), ((*shape, 1), expected), (shape, (*expected, 1))):
        if len(given) == len(wanted) and all(w is None or g == w for g, w in zip(given, wanted, strict=True)):
            return True
    return False
