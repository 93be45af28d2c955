"""TFMOT's ranges on the layers of a tfq model.

Which activation a tfq layer holds is found by value: on random inputs, its float output equals one tensor of the float
network. So nothing here depends on how layers were fused, split or named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tfq.qat.modes import float_pass

Bounds = tuple[float, float]

_SAMPLES = 4
# What an activation can give at all, where TFMOT has no range or a wider one.
_BOUNDED: dict[str, Bounds] = {
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
}
# Layers whose output has no values but those of their input (and 0), so that either range does for the other.
_MOVES = (
    *("Cropping1D", "Cropping2D", "Dropout", "Flatten", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "MaxPooling1D"),
    *("MaxPooling2D", "Permute", "RepeatVector", "Reshape", "SpatialDropout1D", "SpatialDropout2D", "UpSampling1D"),
    *("ZeroPadding1D", "ZeroPadding2D"),
)


@dataclass(frozen=True)
class Range:
    """TFMOT's trained ranges of one layer: of its output, and of what its activation is given; None: it has none."""

    output: Bounds | None = None
    before: Bounds | None = None


@dataclass(frozen=True, eq=False)
class _Tap:
    """A tensor of the float network with its range."""

    tensor: Any
    bounds: Bounds | None


def carry_over(rebuilt: Any, trained: dict[Any, Range], quantized: Any) -> list[str]:
    """Sets the ranges of a quantized model from those trained; returns the names of layers for which there is none.

    rebuilt: see rebuild.Rebuilt; trained: by tf_keras layer.
    """
    taps = [tap for tap in _taps(rebuilt, trained) if tap.bounds is not None]
    inputs = _inputs_within(rebuilt, trained)
    values: list[np.ndarray] = []
    if taps:
        results = keras.Model(rebuilt.inputs, [tap.tensor for tap in taps])(inputs, training=False)
        values = [_flat(value) for value in keras.tree.flatten(results)]
    missing: list[str] = []

    def observe(layer: Any, site: int, y: Any) -> None:
        y = _flat(y)
        match = next((tap for tap, value in zip(taps, values, strict=True) if _same(value, y)), None)
        if match is None:
            missing.append(layer.name)
        elif match.bounds is not None:
            layer.set_range(site, *match.bounds)

    with float_pass(observe):
        quantized(keras.tree.pack_sequence_as(quantized._inputs_struct, inputs), training=False)
    return list(dict.fromkeys(missing))


def _flat(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value), np.float32).ravel()


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=1e-4 * np.max(np.abs(a), initial=1e-6)))


def _inputs_within(rebuilt: Any, trained: dict[Any, Range]) -> list[np.ndarray]:
    """Random inputs in their trained ranges: a network that no input excites cannot be told apart."""
    random = np.random.default_rng(0)
    found = {id(pair.new): trained[pair.layer].output for pair in rebuilt.pairs if pair.layer in trained}
    arrays = []
    for tensor in rebuilt.inputs:
        lo, hi = found.get(id(tensor)) or (-1.0, 1.0)
        shape = (tensor.shape[0] or _SAMPLES, *tensor.shape[1:])
        arrays.append(random.uniform(lo, hi, shape).astype("float32"))
    return arrays


def _taps(rebuilt: Any, trained: dict[Any, Range]) -> list[_Tap]:
    """Every tensor of the float network, in execution order, with its range: trained, else derived from neighbours."""
    known: dict[int, Bounds] = {}
    before: list[_Tap] = []
    for pair in rebuilt.pairs:
        ranges, layer = trained.get(pair.layer, Range()), _maker(pair.new)
        name = _activation(layer)
        output = ranges.output
        if output is None and name in _BOUNDED and np.isfinite(_BOUNDED[name]).all():
            output = _BOUNDED[name]
        if output is not None:
            known[id(pair.new)] = _cut(output, name)
        if ranges.before is not None:
            before.append(_Tap(_before_activation(layer), ranges.before))
    _derive(rebuilt.pairs, known)
    tensors = {id(tensor): tensor for tensor in [*rebuilt.inputs, *(pair.new for pair in rebuilt.pairs)]}
    return [*(_Tap(tensor, known.get(key)) for key, tensor in tensors.items()), *before]


def _derive(pairs: list[Any], known: dict[int, Bounds]) -> None:
    """Ranges across layers that only move values, until nothing changes: forward from the input, backward from the
    output, and from a concatenation to its inputs."""
    changed = True
    while changed:
        size = len(known)
        for pair in [*pairs, *reversed(pairs)]:
            layer, sources = _maker(pair.new), keras.tree.flatten(_maker(pair.new).input)
            moves = type(layer).__name__ in _MOVES
            if moves and id(sources[0]) in known:
                known.setdefault(id(pair.new), known[id(sources[0])])
            if (moves or isinstance(layer, keras.layers.Concatenate)) and id(pair.new) in known:
                for source in sources:
                    known.setdefault(id(source), _cut(known[id(pair.new)], _activation(_maker(source))))
        changed = len(known) > size


def _cut(bounds: Bounds, activation: str) -> Bounds:
    """A range within what the activation can give."""
    lo, hi = _BOUNDED.get(activation, (-np.inf, np.inf))
    return max(bounds[0], lo), min(bounds[1], hi)


def _maker(tensor: Any) -> Any:
    """The Keras layer that made a tensor."""
    return tensor._keras_history[0]


def _activation(layer: Any) -> str:
    """The name of what a layer applies last, "" if nothing that is known."""
    if isinstance(layer, keras.layers.ReLU) and layer.negative_slope == 0 and layer.threshold == 0:
        return {None: "relu", 6: "relu6"}.get(layer.max_value, "relu")
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", "")


def _before_activation(layer: Any) -> Any:
    """What a layer gives its activation: the tensor itself for an Activation, else of a copy without one."""
    if isinstance(layer, keras.layers.Activation):
        return layer.input
    linear = type(layer).from_config({**layer.get_config(), "activation": "linear", "name": f"{layer.name}_before"})
    tensor = linear(layer.input)
    linear.set_weights(layer.get_weights())
    return tensor
