"""How kernels slide: what the rules of all convolutions share, and the 2-D convolutions that they come down to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net


@dataclass(frozen=True)
class Window:
    """strides, dilation: one number an axis. name: of the layer. like: further keywords of it, as `kept` gives them."""

    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...]
    name: str
    trainable: bool = True
    like: dict[str, Any] = field(default_factory=dict)

    def with_height(self) -> Window:
        """A 1-D window over a height of 1."""
        return replace(self, strides=(1, *self.strides), dilation=(1, *self.dilation))

    def valid(self) -> Window:
        """The same without padding."""
        return replace(self, padding="valid")

    def keywords(self) -> dict[str, Any]:
        """Of a Keras layer."""
        given = {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation, "name": self.name}
        return {**given, **self.like}


def window_of(net: Net, layer: Any, like: dict[str, Any], label: str = "") -> Window:
    """The window of a convolutional layer. label: of the part of it that this is."""
    channels_last(net, layer)
    name = f"{layer.name}_{label}" if label else layer.name
    return Window(layer.strides, layer.padding, layer.dilation_rate, name, layer.trainable, like)


def operation_window(net: Net, call: Call, kernel: Any, label: str = "") -> Window:
    """The window of one of keras.ops' convolutions. kernel: an array or a variable."""
    op, rank = call.layer, len(call.inputs[0].shape) - 2
    channels_last(net, op)
    strides, dilation = ((n,) * rank if isinstance(n, int) else tuple(n) for n in (op.strides, op.dilation_rate))
    if isinstance(kernel, Value):
        raise net.refuse("the kernel is computed by the network", "use a constant or a variable as the kernel")
    trainable = isinstance(kernel, keras.Variable) and kernel.trainable
    return Window(strides, op.padding, dilation, f"{op.name}{label}", trainable)


def operands(call: Call, *names: str) -> list[Any]:
    """An operation's operands by name, however they were passed."""
    return [call.kwargs[name] if name in call.kwargs else call.args[i] for i, name in enumerate(names)]


def kept(net: Net, layer: Any, *names: str, **renamed: str) -> dict[str, Any]:
    """dtype, regularizers and constraints of a layer's variables, for a 2-D layer. renamed: new name = old name."""
    found: dict[str, Any] = {"dtype": layer.dtype_policy}
    for new, old in {**{name: name for name in names}, **renamed}.items():
        found[f"{new}_regularizer"] = getattr(layer, f"{old}_regularizer")
        constraint = getattr(layer, f"{old}_constraint")
        found[f"{new}_constraint"] = constraint if new == "bias" else _constraint(net, constraint, layer.rank)
    return found


def _constraint(net: Net, constraint: Any, rank: int) -> Any:
    """The constraint of a kernel of `rank` dimensions, for one of two."""
    config = {} if constraint is None else constraint.get_config()
    if rank == 2 or "axis" not in config:
        return constraint
    if rank == 3:
        raise net.refuse("a kernel constraint along an axis", "use one without axis, such as NonNeg")
    axes = config["axis"] if isinstance(config["axis"], (list, tuple)) else [config["axis"]]
    return type(constraint).from_config({**config, "axis": [a + 1 if a >= 0 else a for a in axes]})


def channels_last(net: Net, layer: Any) -> None:
    """Raises Unsupported for another layout."""
    if (layer.data_format or keras.config.image_data_format()) != "channels_last":
        raise net.refuse("data_format is channels_first", "TFLite has channels_last only")


def sizes(net: Net, x: Value) -> tuple[int, ...]:
    """The axes of x but the batch. Raises Unsupported where one is not known."""
    if None in x.shape[1:]:
        raise net.refuse(f"the size of its input {x.shape} is not known", "give the model's Input a full shape")
    return tuple(int(n or 0) for n in x.shape[1:])


def array(value: Any) -> Any:
    """A variable or constant as float32 NumPy; None stays."""
    return None if value is None else np.asarray(keras.ops.convert_to_numpy(value), np.float32)


def conv_2d(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window, label: str) -> Value:
    """CONV_2D of [B, H, W, C]; kernel: [kh, kw, C / groups, F]."""
    groups = int(x.shape[-1] or 1) // kernel.shape[2]
    layer = keras.layers.Conv2D(
        kernel.shape[3], kernel.shape[:2], groups=groups, use_bias=bias is not None, **window.keywords()
    )
    layer.trainable = window.trainable
    return net.weighted("conv_2d", x, layer, [kernel, bias], label)


def depthwise_conv_2d(net: Net, x: Value, kernel: np.ndarray, bias: Any, window: Window, label: str) -> Value:
    """DEPTHWISE_CONV_2D of [B, H, W, C]; kernel: [kh, kw, C, multiplier]."""
    if x.shape[1] == 1:  # over a height of 1 any stride does, and TensorFlow wants equal ones
        window = replace(window, strides=(window.strides[1],) * 2)
    layer = keras.layers.DepthwiseConv2D(
        kernel.shape[:2], depth_multiplier=kernel.shape[3], use_bias=bias is not None, **window.keywords()
    )
    layer.trainable = window.trainable
    return net.weighted("depthwise_conv_2d", x, layer, [kernel, bias], label)
