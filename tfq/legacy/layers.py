"""A layer of Keras 2 as one of Keras 3: the same class, its configuration in the spelling of today.

Keras 3 refuses a configuration with a key that it does not know. Such keys are dropped where they hold what Keras 3
does anyway (`groups=1` of a depthwise convolution, `time_major=False` of a recurrent layer), and refused otherwise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from tfq.errors import Unsupported

# Keys that Keras 3 does not know, with the values that change nothing; None: any value.
_DROPPED: dict[str, tuple[Any, ...] | None] = {
    "adjustment": (None,),
    "batch_input_shape": None,
    "bias_initializer": None,
    "count": None,
    "dynamic": (False,),
    "experimental_autocast": None,
    "filters": None,  # of a depthwise convolution: unused
    "force_generator": None,
    "fused": None,
    "groups": (1,),
    "implementation": None,
    "input_length": None,
    "kernel_constraint": (None,),
    "kernel_initializer": None,
    "kernel_regularizer": (None,),
    "key_shape": None,
    "noise_shape": (None,),
    "query_shape": None,
    "ragged": (False,),
    "renorm": (False,),
    "renorm_clipping": (None,),
    "renorm_momentum": None,
    "rng_type": None,
    "robust_masking": None,
    "softmax_robust_masking": None,
    "sparse": (False,),
    "time_major": (False,),
    "trainable": None,  # set once the layer is built
    "value_shape": None,
    "vectorizer": None,
    "virtual_batch_size": (None,),
}
_RENAMED = {("LeakyReLU", "alpha"): "negative_slope", ("ThresholdedReLU", "theta"): "threshold"}
# Classes that have another name, or that only Keras 2 had and that Keras 3 can spell.
_CLASSES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "GRUV1": "GRU",
    "LSTMV1": "LSTM",
    "ThresholdedReLU": "ReLU",
}
# In Keras 3 too, but no part of a network on numbers, or holding code.
_REFUSED = ("Lambda", "StringLookup", "TextVectorization", "IntegerLookup", "Hashing", "HashedCrossing")


@keras.saving.register_keras_serializable(package="tfq")
def hard_sigmoid_2(x: Any) -> Any:
    """Keras 2's hard sigmoid: clip(0.2 x + 0.5, 0, 1); that of Keras 3 has the slope 1 / 6."""
    return keras.ops.clip(keras.ops.add(keras.ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Reading:
    """What there is to know of a Keras 2 layer: its class's name, configuration and weights, and the layers inside it.

    cls: the Keras 3 class where it is not the one of that name.
    """

    kind: str
    config: dict[str, Any]
    weights: dict[str, np.ndarray] | list[np.ndarray]
    inside: dict[str, Any] = field(default_factory=dict)
    cls: Any = None


def is_known(kind: str) -> bool:
    """Whether Keras 3 has the layers of a Keras 2 class."""
    name = _CLASSES.get(kind, kind)
    found = getattr(keras.layers, name, None)
    return name not in _REFUSED and isinstance(found, type) and issubclass(found, keras.layers.Layer)


def read_layer(layer: Any, customs: dict[str, tuple[type, type]] | None = None) -> Reading:
    """A tf_keras layer's reading. customs: class name -> (the tf_keras class, the Keras 3 class)."""
    kind = type(layer).__name__
    weights = [w.numpy() for w in layer.weights if "StateVar" not in w.name]  # without random generators
    if kind in (customs or {}):
        return Reading(kind, layer.get_config(), weights, cls=(customs or {})[kind][1])
    config = layer.get_config()
    inside = {key: getattr(layer, key) for key in ("layer", "backward_layer") if isinstance(config.get(key), dict)}
    return Reading(kind, config, weights, inside)


def make_layer(reading: Reading, twin: Callable[[Any], Any]) -> Any:
    """The Keras 3 layer, not built yet. twin: makes those inside it. Raises Unsupported for options that it has not."""
    if reading.cls is not None:
        return reading.cls.from_config(reading.config)
    name = reading.config.get("name")
    cls = getattr(keras.layers, _CLASSES.get(reading.kind, reading.kind))
    config = {key: value for key, value in reading.config.items() if key not in reading.inside}
    try:
        layer = cls(**modern(reading.kind, cls, config), **{k: twin(v) for k, v in reading.inside.items()})
    except Unsupported as error:
        raise Unsupported(f"layer {name!r} ({reading.kind}): {error}") from error
    except (TypeError, ValueError) as error:
        line = str(error).strip().splitlines()[0]
        raise Unsupported(f"layer {name!r} ({reading.kind}): Keras 3 does not take its settings ({line})") from error
    return layer


def modern(kind: str, cls: type, config: dict[str, Any]) -> dict[str, Any]:
    """A configuration of Keras 2 in Keras 3's spelling. Raises Unsupported for an option that Keras 3 has not."""
    accepted = _parameters(cls)
    result = {}
    for key, value in config.items():
        key = _RENAMED.get((kind, key), key)
        if key == "dtype" and key in accepted:
            result[key] = value["config"]["name"] if isinstance(value, dict) else value
        elif key == "name":
            result[key] = modern_name(value)
        elif key in accepted:
            result[key] = _modern_value(kind, key, value)
        elif key not in _DROPPED or not _is_harmless(value, _DROPPED[key]):
            raise Unsupported(f"Keras 3 has no option {key}={value!r}")
    return result


def modern_name(name: str) -> str:
    """A layer's name as Keras 3 allows it: without "/"."""
    return name.replace("/", "_")


def _parameters(cls: type) -> set[str]:
    """The keyword arguments of a class, with those that it hands on to its bases."""
    found: set[str] = set()
    for base in cls.__mro__:
        if "__init__" in vars(base):
            parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
            found |= {parameter.name for parameter in parameters}
            if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters):
                break
    return found - {"self", "args", "kwargs"}


def _is_harmless(value: Any, values: tuple[Any, ...] | None) -> bool:
    return values is None or any(value is known or value == known for known in values)


def _modern_value(kind: str, key: str, value: Any) -> Any:
    if key == "axis" and kind.startswith("BatchNormalization") and isinstance(value, (list, tuple)):
        return value[0]
    if key in ("center", "scale") and kind.startswith("BatchNormalization"):
        return bool(value)  # early files hold 0 and 1
    if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0:
        return value.item()
    if "activation" in key:
        return _activation(key, value)
    if key in ("cell", "cells"):
        cells = [_cell(one) for one in (value if isinstance(value, (list, tuple)) else [value])]
        return cells if isinstance(value, (list, tuple)) else cells[0]
    return value


def _activation(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        value = value["config"] if value.get("class_name") == "function" else value.get("class_name")
    if value == "hard_sigmoid":
        return hard_sigmoid_2
    if value is not None and not hasattr(keras.activations, str(value)):
        raise Unsupported(f"{key}={value} is no activation of Keras 3; give the layer a linear one and call it after")
    return value


def _cell(entry: dict[str, Any]) -> Any:
    kind = str(entry.get("class_name"))
    if not is_known(kind):
        raise Unsupported(f"cell {kind} is no cell of Keras 3")
    cls = getattr(keras.layers, kind)
    return cls(**modern(kind, cls, entry["config"]))


def set_weights(layer: Any, reading: Reading) -> None:
    """Copies the weights: by name where the reading has names, else in order. Raises Unsupported if they do not fit."""
    given = reading.weights
    values = [given[w.name] for w in layer.weights] if isinstance(given, dict) else given
    expected, received = [tuple(w.shape) for w in layer.weights], [w.shape for w in values]
    if expected != received:
        raise Unsupported(
            f"layer {layer.name!r} ({reading.kind}): its weights have the shapes {received}, in Keras 3 {expected}"
        )
    if values:
        layer.set_weights(values)
