"""What each Keras layer is in primitive parts: one rule a layer, one table. Adding a layer is its rule and its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tfq.errors import Unsupported
from tfq.qat.capture import Call, Value
from tfq.qat.part import Part


def decompose(call: Call) -> list[Part]:
    """A layer's call as primitive parts. Raises Unsupported, saying what to do, for a layer without an int8 form."""
    if call.site > 0:
        raise Unsupported(f"layer {call.name!r} is called more than once; give each call a layer of its own")
    rule = RULES.get(type(call.layer))
    if rule is None:
        kind = type(call.layer).__name__
        what = "layer" if isinstance(call.layer, keras.layers.Layer) else "operation"
        known = ", ".join(sorted(known_layers()))
        raise Unsupported(f"{what} {call.name!r} ({kind}) has no int8 form; replace it by a layer of {known}")
    return rule(call)


def known_layers() -> list[str]:
    """Names of the Keras layers that have a rule."""
    return [cls.__name__ for cls in RULES]


# One rule per Keras layer: its call as primitive parts.
def _part(call: Call, kind: str, **fields: Any) -> Part:
    values = {
        "name": call.name,
        "layer": call.layer,
        "inputs": call.inputs,
        "output": call.output,
        "fused": [call.name],
    }
    return Part(kind, **{**values, **fields})


def _refuse(call: Call, reason: str, remedy: str) -> Unsupported:
    return Unsupported(f"layer {call.name!r} ({type(call.layer).__name__}): {reason}; {remedy}")


def _channels_last(call: Call) -> None:
    if getattr(call.layer, "data_format", "channels_last") != "channels_last":
        raise _refuse(call, "data_format is channels_first", "TFLite has channels_last only")


def _weighted(kind: str) -> Callable[[Call], list[Part]]:
    def rule(call: Call) -> list[Part]:
        _channels_last(call)
        if kind == "dense" and len(call.inputs[0].shape) < 2:
            raise _refuse(call, "the input has no features axis", "give it rank 2 or more")
        return with_activation(_part(call, kind), call)

    return rule


def with_activation(part: Part, call: Call) -> list[Part]:
    """The part, and one for its Keras activation unless that is linear."""
    activation = getattr(call.layer, "activation", None)
    if activation is None or activation is keras.activations.linear:
        return [part]
    middle = Value(part.output.shape, part.output.dtype)
    after = activation_part(call, activation_name(activation), [middle])
    part.output = middle
    after.name = f"{call.name}_{after.activation if after.kind == 'activation' else after.kind}"
    after.fused = []
    return [part, after]


ACTIVATIONS = ("linear", "relu", "relu6", "sigmoid", "tanh", "softmax")


def activation_name(activation: Any) -> Any:
    """Keras's name of an activation function; something else for a function of the user's own."""
    return keras.activations.serialize(activation)


def activation_part(call: Call, name: Any, inputs: list[Value]) -> Part:
    """The part of a named activation. Raises Unsupported for one without an int8 form."""
    if name not in ACTIVATIONS:
        label = name if isinstance(name, str) else "a function of your own"
        raise _refuse(call, f"activation {label} has no int8 form", f"use one of {', '.join(ACTIVATIONS)}")
    if name == "linear":
        return _part(call, "identity", inputs=inputs)
    if name in ("relu", "relu6"):
        return _part(call, name, inputs=inputs, activation=name)
    return _part(call, "activation", inputs=inputs, activation=name, settings={"activation": name})


def _activation(call: Call) -> list[Part]:
    return [activation_part(call, activation_name(call.layer.activation), call.inputs)]


def _relu(call: Call) -> list[Part]:
    layer = call.layer
    if layer.negative_slope != 0 or layer.threshold != 0 or layer.max_value not in (None, 6, 6.0):
        raise _refuse(call, "negative_slope, threshold or max_value other than 6", "use ReLU() or ReLU(max_value=6)")
    return [activation_part(call, "relu" if layer.max_value is None else "relu6", call.inputs)]


def _softmax(call: Call) -> list[Part]:
    if call.layer.axis not in (-1, len(call.inputs[0].shape) - 1):
        raise _refuse(call, f"axis {call.layer.axis}", "softmax runs over the last axis in TFLite")
    if len(call.inputs) > 1:
        raise _refuse(call, "called with a mask", "leave the mask out")
    return [activation_part(call, "softmax", call.inputs)]


def _batch_norm(call: Call) -> list[Part]:
    rank = len(call.inputs[0].shape)
    axis = call.layer.axis if isinstance(call.layer.axis, int) else call.layer.axis[0]
    if axis not in (-1, rank - 1):
        raise _refuse(call, f"axis {call.layer.axis}", "normalize over the last axis")
    return [_part(call, "scale", settings={"batch_norm": True})]


def _rescaling(call: Call) -> list[Part]:
    depth = call.inputs[0].shape[-1]
    for value in (call.layer.scale, call.layer.offset):
        if np.ndim(value) > 1 or np.size(value) not in (1, depth):
            raise _refuse(call, "scale and offset must be one number or one per channel", "give one per channel")
    return [_part(call, "scale")]


def _separable(call: Call) -> list[Part]:
    _channels_last(call)
    layer = call.layer
    common = {"padding": layer.padding, "strides": layer.strides, "dilation_rate": layer.dilation_rate}
    depthwise = keras.layers.DepthwiseConv2D(
        layer.kernel_size,
        depth_multiplier=layer.depth_multiplier,
        use_bias=False,
        name=f"{layer.name}_depthwise",
        **common,
    )
    pointwise = keras.layers.Conv2D(layer.filters, 1, use_bias=layer.use_bias, name=f"{layer.name}_pointwise")
    for inner in (depthwise, pointwise):
        inner.trainable = layer.trainable
    depth = call.inputs[0].shape[-1] * layer.depth_multiplier
    middle = Value((*call.output.shape[:-1], depth), call.output.dtype)
    kernels = (
        [keras.ops.convert_to_numpy(layer.depthwise_kernel)],
        [keras.ops.convert_to_numpy(w) for w in (layer.pointwise_kernel, layer.bias) if w is not None],
    )
    first = _part(call, "depthwise_conv_2d", name=depthwise.name, layer=depthwise, output=middle, weights=kernels[0])
    second = _part(call, "conv_2d", layer=pointwise, inputs=[middle], weights=kernels[1])
    return [first, *with_activation(second, call)]


def _add(call: Call) -> list[Part]:
    first = call.inputs[0]
    parts: list[Part] = []
    for i, value in enumerate(call.inputs[1:], start=1):
        last = i == len(call.inputs) - 1
        output = call.output if last else Value(call.output.shape, call.output.dtype)
        parts.append(
            _part(call, "add", name=call.name if last else f"{call.name}_{i}", inputs=[first, value], output=output)
        )
        first = output
    return parts


def _concatenate(call: Call) -> list[Part]:
    rank = len(call.output.shape)
    if call.layer.axis % rank == 0:
        raise _refuse(call, "axis 0 is the batch", "concatenate along another axis")
    return [_part(call, "concatenate", settings={"axis": call.layer.axis})]


def _same_grid(kind: str) -> Callable[[Call], list[Part]]:
    def rule(call: Call) -> list[Part]:
        _channels_last(call)
        return [_part(call, kind)]

    return rule


def _global_average(call: Call) -> list[Part]:
    _channels_last(call)
    return [_part(call, "global_average", settings={"keepdims": call.layer.keepdims})]


def _reshape(call: Call) -> list[Part]:
    _channels_last(call)
    if None in call.output.shape[1:]:
        raise _refuse(call, f"output shape {call.output.shape} is not known", "give the model's input a full shape")
    return [_part(call, "reshape")]


_L = keras.layers
RULES: dict[type, Callable[[Call], list[Part]]] = {
    _L.Conv2D: _weighted("conv_2d"),
    _L.DepthwiseConv2D: _weighted("depthwise_conv_2d"),
    _L.Dense: _weighted("dense"),
    _L.SeparableConv2D: _separable,
    _L.BatchNormalization: _batch_norm,
    _L.Rescaling: _rescaling,
    _L.ReLU: _relu,
    _L.Activation: _activation,
    _L.Softmax: _softmax,
    _L.Add: _add,
    _L.Concatenate: _concatenate,
    _L.MaxPooling2D: _same_grid("max_pool"),
    _L.AveragePooling2D: _same_grid("average_pool"),
    _L.GlobalAveragePooling2D: _global_average,
    _L.ZeroPadding2D: _same_grid("pad"),
    _L.Flatten: _reshape,
    _L.Reshape: _reshape,
    _L.Dropout: _same_grid("dropout"),
}
