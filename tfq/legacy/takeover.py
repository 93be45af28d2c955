"""from_tfmot: a network of TFMOT's quantize_model as a tfq QAT model, with its weights and its trained ranges."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Any

import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.legacy import peers
from tfq.legacy.layers import Reading, read_layer
from tfq.legacy.load import open_old
from tfq.legacy.ranges import Range, carry_over
from tfq.legacy.rebuild import Rebuilder, refusals
from tfq.legacy.source import read_source
from tfq.recipe import Recipe

WRAPPERS = ("QuantizeWrapper", "QuantizeWrapperV2")
INPUT = "QuantizeLayer"
_START = (-6.0, 6.0)  # where TFMOT's moving averages begin; its inputs' ranges begin empty (its quantizers.py)


def from_tfmot(model: Any, recipe: Recipe | None = None, data: Any = None) -> Any:
    """The tfq QAT model of a network that TFMOT's `quantize_model` made: to train on, or for `tfq.export` as it is.

    Args:
        model: the tf_keras model, or the path of one saved as `.h5` or SavedModel. recipe: see `tfq.Recipe`;
        equalization is left out, since it would move the ranges. data: calibrates the ranges that TFMOT has not (as
        `tfq.calibrate` takes it); they are named on stderr.

    Weights: TFMOT's, on tfq's grids: one scale per output channel also for Dense and in training, where TFMOT has one.
    Ranges: TFMOT's moving averages of inputs, outputs and what a softmax, sigmoid or tanh is given. Behind relu and
    relu6 they are cut to what these can give, [0, ...] and [0, 6]: TFMOT leaves codes unused there. Derived, since
    TFMOT has none: the inputs of a concatenation take its range; reshapes, pads and pools their neighbour's; bounded
    activations their bounds (relu6: [0, 6]; softmax, sigmoid: [0, 1]; tanh: [-1, 1]); softmax, sigmoid and tanh in int8
    have their fixed grids. A range still at TFMOT's start, [-6, 6], has seen no data and counts as missing.

    Without data, a missing range is an error of predict and export, which names it.

    Raises: Unsupported: layers that Keras 3 or tfq has not, activations of other than 8 bits. TfqError: not a network
    of TFMOT's, a file that is none.
    """
    old = _opened(model)
    config = {"class_name": type(old).__name__, "config": old.get_config()}
    lines = refusals(config, (*WRAPPERS, INPUT))
    if lines:
        raise Unsupported("cannot take the TFMOT network over:\n  " + "\n  ".join(lines))
    chosen = _recipe(recipe, old)
    rebuilt = Rebuilder(_read).rebuild(old)
    return _quantized(rebuilt, _trained_ranges(old), chosen, data)


def _quantized(rebuilt: Any, trained: dict[Any, Range], recipe: Recipe, data: Any) -> Any:
    from tfq.qat import calibrate, quantize

    quantized = quantize(rebuilt.model, recipe)
    if data is not None:
        calibrate(quantized, data)
    missing = carry_over(rebuilt, trained, quantized)
    if missing:
        names = ", ".join(map(repr, missing))
        what = (
            "calibrated from the data" if data is not None else "missing; give from_tfmot some data to calibrate them"
        )
        print(f"tfq: TFMOT has no trained range for layer {names}: {what}", file=sys.stderr)
    return quantized


def _opened(model: Any) -> Any:
    """The tf_keras model, from its file if it is a path. Raises TfqError where it has no layer of TFMOT's."""
    keras_2, scope = peers.tf_keras(), peers.tfmot().quantization.keras.quantize_scope
    if isinstance(model, (str, os.PathLike)):
        with scope():
            model = _from_file(os.fspath(model))
    if not isinstance(model, keras_2.Model):
        raise TfqError(f"expected a tf_keras model or a path, received {type(model).__module__}.{type(model).__name__}")
    if not any(type(layer).__name__ in WRAPPERS for layer in model.layers):
        raise TfqError(
            f"model {model.name!r} has no layer that TFMOT quantizes; read a float one with tfq.load_legacy, then "
            "tfq.quantize"
        )
    return model


def _from_file(path: str) -> Any:
    try:
        return open_old(read_source(path))
    except TfqError as error:
        if path.endswith(".keras"):  # "expected 5 variables, but received 3": TFMOT's wrappers rename theirs
            raise TfqError(f"{error}; TFMOT 0.8.1 does not read its networks from .keras: save it as .h5") from error
        raise


def _recipe(recipe: Recipe | None, old: Any) -> Recipe:
    """The recipe, without equalization; by default with the weights' bits of TFMOT. Raises Unsupported, TfqError."""
    if recipe is not None and not isinstance(recipe, Recipe):
        raise TfqError(f"recipe must be a tfq.Recipe, received {type(recipe).__name__}")
    wrappers = [layer for layer in old.layers if type(layer).__name__ in WRAPPERS]
    bits = {quantizer.num_bits for layer in wrappers for _, quantizer, _ in layer._weight_vars}
    others = [layer.layer.name for layer in wrappers if _activation_bits(layer) - {8}]
    if others:
        raise Unsupported(f"layer {', '.join(map(repr, others))}: activations of other than 8 bits; tfq takes 8")
    if recipe is None and len(bits) > 1:
        raise Unsupported(f"weights of {', '.join(map(str, sorted(bits)))} bits in one network; give a recipe")
    chosen = recipe or Recipe(weight_bits=min(bits, default=8))
    return dataclasses.replace(chosen, equalize="never")


def _activation_bits(wrapper: Any) -> set[int]:
    quantizers = [*wrapper._output_quantizers, *(one.quantizer for one in wrapper._quantize_activations)]
    return {getattr(quantizer, "num_bits", 8) for quantizer in quantizers}


def _read(layer: Any) -> Reading | None:
    """The float layer inside one of TFMOT's, with the weights that the wrapper keeps."""
    kind = type(layer).__name__
    if kind == INPUT:
        return None
    if kind not in WRAPPERS:
        return read_layer(layer)
    inner = layer.layer
    config = inner.get_config()
    if "activation" in config:
        config["activation"] = _activation_name(inner.activation)
    if not layer._weight_vars and not hasattr(inner, "kernel"):
        return dataclasses.replace(read_layer(inner), config=config)
    # While training, TFMOT puts quantized tensors in place of the layer's variables and keeps those itself.
    weights = {w.name.split(":")[0].split("/")[-1]: w.numpy() for w in layer.weights}
    weights.setdefault("kernel", weights.get("depthwise_kernel", np.zeros(0)))
    return Reading(type(inner).__name__, config, weights)


def _activation_name(activation: Any) -> str:
    """The name of an activation, out of TFMOT's QuantizeAwareActivation."""
    activation = getattr(activation, "activation", activation)
    if type(activation).__name__ == "NoOpActivation":
        return "linear"
    return getattr(activation, "__name__", type(activation).__name__)


def _trained_ranges(old: Any) -> dict[Any, Range]:
    """TFMOT's ranges by tf_keras layer: of its output, and of its activation's input."""
    found = {}
    for layer in old.layers:
        output = before = None
        if type(layer).__name__ == INPUT and layer.quantizer:
            output = layer.quantizer_vars
        elif type(layer).__name__ in WRAPPERS:
            for activation in layer._quantize_activations:
                before = getattr(activation, "_pre_activation_vars", before)
                output = getattr(activation, "_post_activation_vars", output)
            output = getattr(layer, "_output_quantizer_vars", output)
        found[layer] = Range(_bounds(output), _bounds(before))
    return found


def _bounds(variables: Any) -> tuple[float, float] | None:
    if not variables:
        return None
    lo, hi = (float(np.min(variables["min_var"].numpy())), float(np.max(variables["max_var"].numpy())))
    return None if (lo, hi) == _START or lo >= hi else (lo, hi)
