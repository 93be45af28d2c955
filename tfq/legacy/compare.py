"""A tf_keras model and its Keras 3 twin on the same random inputs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.errors import TfqError
from tfq.legacy import peers
from tfq.legacy.rebuild import Pair

# Of a tensor's largest value: what other kernels and another order of sums may change.
_NOISE = 1e-4
_NOISE_OF_HALF = 3e-2  # where the model computes in float16 or bfloat16
_SIZES = (16, 32, 64, 128, 256)  # tried for sizes that the model leaves open
_BATCH = 2


def difference(old: Any, pairs: list[Pair], inputs: list[Any]) -> str | None:
    """None if two models give the same on random inputs, layer by layer; else what differs first.

    inputs: of the Keras 3 graph, in the order of `old.inputs`. Raises TfqError where tf_keras cannot run its model.
    """
    pairs = [pair for pair in pairs if pair.old.dtype.name != "string"]
    olds = [pair.old for pair in pairs]
    given, expected = _run(old, olds)
    found = keras.tree.flatten(keras.Model(inputs, [pair.new for pair in pairs])(given, training=False))
    noise = _NOISE_OF_HALF if _in_half(old) else _NOISE
    for pair, a, b in zip(pairs, expected, found, strict=True):
        a, b = (np.asarray(keras.ops.convert_to_numpy(v)).astype("float64") for v in (a, b))
        if a.shape != b.shape:
            return f"layer {pair.layer.name!r}: shapes {a.shape} and {b.shape}"
        largest = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
        if not np.allclose(a, b, rtol=0, atol=noise * largest + 1e-12, equal_nan=True):
            kind, apart = type(pair.layer).__name__, np.nanmax(np.abs(a - b))
            return f"layer {pair.layer.name!r} ({kind}): results up to {largest:.3g} differ by {apart:.3g}"
    return None


def _run(old: Any, tensors: list[Any]) -> tuple[list[np.ndarray], list[Any]]:
    """Random inputs of a size that the model takes, and its tensors' values on them."""
    runner = peers.tf_keras().Model(old.inputs, tensors)
    open_sizes = any(None in tensor.shape[1:] for tensor in old.inputs)
    reason = ""
    for size in _SIZES if open_sizes else _SIZES[:1]:
        given = random_inputs(old, size)
        try:
            found = runner([_tensor(x) for x in given], training=False)
        except Exception as error:  # whatever TensorFlow raises: this size does not fit
            reason = str(error).strip().splitlines()[0]
        else:
            return given, peers.tf_keras_nest().flatten(found)
    raise TfqError(f"model {old.name!r} cannot be run by tf_keras on random inputs ({reason})")


def random_inputs(old: Any, size: int = _SIZES[0]) -> list[np.ndarray]:
    """A batch for each input of a tf_keras model; size: of the axes that are left open. Normal; whole numbers below
    the smallest vocabulary."""
    random = np.random.default_rng(0)
    vocabulary = min([10, *(layer.input_dim for layer in old._flatten_layers() if hasattr(layer, "embeddings"))])
    batch = {tensor.shape[0] for tensor in old.inputs} - {None}
    arrays = []
    for tensor in old.inputs:
        shape = [min(batch, default=_BATCH), *(size if n is None else n for n in tensor.shape[1:])]
        if tensor.dtype.is_floating:
            arrays.append(random.normal(size=shape).astype(tensor.dtype.as_numpy_dtype))
        else:
            arrays.append(
                random.integers(0, 2 if tensor.dtype.is_bool else vocabulary, shape).astype(tensor.dtype.name)
            )
    return arrays


def _in_half(old: Any) -> bool:
    return any("16" in str(layer.compute_dtype) for layer in old._flatten_layers(include_self=False))


def _tensor(x: np.ndarray) -> Any:
    import tensorflow as tf

    return tf.constant(x)
