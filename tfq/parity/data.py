"""A user's data as the stored integers of a model's inputs."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np

from tfq.errors import TfqError
from tfq.numerics import affine, arrays
from tfq.parity.samples import LIMITS
from tfq.tflite.model import Model, Tensor


@dataclass(frozen=True, eq=False)
class Data:
    """stored: one array an input, samples along the first axis. given: the same before quantization."""

    stored: list[np.ndarray]
    given: list[np.ndarray]


def load(path: str | os.PathLike) -> Any:
    """What a .npy (an array) or .npz (a dict of arrays) holds.

    Raises: TfqError where the file cannot be read as either.
    """
    place = os.fspath(path)
    try:
        loaded = np.load(place, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, MemoryError, BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "not a .npy or .npz of plain arrays"
        raise TfqError(f"{place}: cannot be read ({reason})") from None


def stored_inputs(data: Any, model: Model) -> Data:
    """`data` for the model's inputs: an array, a sequence in file order, or a mapping by name.

    Names are the signature's or the tensors'. Floats for an integer input are quantized with its scale; integers are
    taken as stored.

    Raises: TfqError naming every input whose data are missing or of the wrong shape or type.
    """
    tensors = tuple(model.main.tensors[i] for i in model.main.inputs)
    found = by_position(data, model)
    problems, stored = [], []
    for tensor, array in zip(tensors, found, strict=True):
        try:
            stored.append(quantized(tensor, _with_batch(tensor, array)))
        except TfqError as error:
            problems.append(str(error))
    if problems:
        raise TfqError("; ".join(problems))
    counts = {len(a) // max(t.shape[0], 1) for t, a in zip(tensors, stored, strict=True) if t.shape}
    if len(counts) > 1:
        raise TfqError(f"data: every input must have the same number of samples, received {sorted(counts)}")
    return Data(stored, [_with_batch(t, a) for t, a in zip(tensors, found, strict=True)])


def by_position(data: Any, model: Model) -> list[np.ndarray]:
    """`data` (an array, a sequence in file order, a mapping by name) as arrays in file order, otherwise untouched.

    Raises: TfqError where an input has no data.
    """
    tensors = [model.main.tensors[i] for i in model.main.inputs]
    if isinstance(data, Mapping):
        return _by_name(data, model, tensors)
    arrays_ = list(data) if isinstance(data, (list, tuple)) else [data]
    if len(arrays_) != len(tensors):
        names = ", ".join(repr(t.name) for t in tensors)
        raise TfqError(f"data: expected {len(tensors)} arrays ({names}), received {len(arrays_)}; give a .npz by name")
    return [np.asarray(a) for a in arrays_]


def _by_name(data: Mapping[str, Any], model: Model, tensors: Sequence[Tensor]) -> list[np.ndarray]:
    if len(data) == len(tensors) == 1:
        return [np.asarray(value) for value in data.values()]
    names = input_names(model)
    found = [next((data[n] for n in (name, t.name) if n in data), None) for name, t in zip(names, tensors, strict=True)]
    missing = [name for name, array in zip(names, found, strict=True) if array is None]
    if missing:
        raise TfqError(f"data: nothing for input {', '.join(missing)}; received {', '.join(data)}")
    return [np.asarray(a) for a in found]


def input_names(model: Model) -> list[str]:
    """The inputs' names in file order: the signature's where there is one, else the tensors'."""
    named = {index: name for s in model.signatures if s.subgraph == 0 for name, index in s.inputs}
    return [named.get(i, model.main.tensors[i].name) for i in model.main.inputs]


def _with_batch(tensor: Tensor, array: np.ndarray) -> np.ndarray:
    """A single sample without its batch axis gets one."""
    if array.ndim == len(tensor.shape) - 1 and tensor.shape[0] == 1:
        return array[np.newaxis]
    return array


def quantized(tensor: Tensor, array: np.ndarray) -> np.ndarray:
    """The array as the tensor's stored values: floats through its scale, integers unchanged.

    Raises: TfqError for another shape, another type, values out of range, NaN.
    """
    where = f"input {tensor.name!r}"
    if not _fits(tensor, array):
        lead = "N" if tensor.shape[:1] == (1,) else f"N*{tensor.shape[0]}" if tensor.shape else ""
        expected = ", ".join([lead, *map(str, tensor.shape[1:])])
        raise TfqError(f"{where}: expected shape ({expected}), received {array.shape}")
    if array.dtype == tensor.dtype:
        return array
    if array.dtype.kind == "f" and tensor.type in LIMITS:
        return _quantize(where, tensor, array)
    if array.dtype.kind == "f" and tensor.dtype.kind == "f":
        return array.astype(tensor.dtype)
    # NumPy makes integers int64 where nobody says otherwise.
    if array.dtype in (np.int64, np.int32) and tensor.dtype.kind in "iu":
        limits = np.iinfo(tensor.dtype)
        if array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max):
            return array.astype(tensor.dtype)
        raise TfqError(
            f"{where}: stored values must be in [{limits.min}, {limits.max}], received [{array.min()}, {array.max()}]"
        )
    kinds = "floats to quantize, or " if tensor.type in LIMITS else ""
    raise TfqError(f"{where}: expected {kinds}{tensor.dtype}, received {array.dtype}")


def _fits(tensor: Tensor, array: np.ndarray) -> bool:
    if array.ndim != len(tensor.shape) or array.ndim == 0:
        return array.ndim == len(tensor.shape)
    return array.shape[1:] == tensor.shape[1:] and len(array) > 0 and len(array) % max(tensor.shape[0], 1) == 0


def _quantize(where: str, tensor: Tensor, array: np.ndarray) -> np.ndarray:
    if tensor.quantization is None or tensor.quantization.scale.size != 1:
        raise TfqError(f"{where}: has no scale, so floats cannot be quantized; give {tensor.dtype}")
    if np.isnan(array).any():
        raise TfqError(f"{where}: the data hold NaN")
    grid = affine.Affine(
        np.float32(tensor.quantization.scale[0]), np.float32(tensor.quantization.zero_point[0]), *LIMITS[tensor.type]
    )
    return affine.quantize(arrays, array.astype(np.float32), grid).astype(tensor.dtype)


def dequantized(tensor: Tensor, stored: np.ndarray) -> np.ndarray:
    """The float32 reals of stored integers; anything without a scale unchanged."""
    if tensor.quantization is None or tensor.quantization.scale.size == 0 or stored.dtype.kind not in "iu":
        return stored
    shape = [1] * stored.ndim
    if tensor.quantization.scale.size > 1:
        shape[tensor.quantization.axis] = -1
    zero_point = tensor.quantization.zero_point.reshape(shape).astype(np.float32)
    scale = tensor.quantization.scale.reshape(shape).astype(np.float32)
    return (stored.astype(np.float32) - zero_point) * scale
