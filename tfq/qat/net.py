"""Net: what a rule writes a layer's decomposition with: each method is one primitive int8 op and gives its output.

    def layer_rule(net, call):
        x = call.args[0]
        return net.multiply(x, net.activation(x, "sigmoid"))

The same object is handed to a layer of the user's own that declares its parts: `def tfq_parts(self, net, x)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfq.errors import Unsupported
from tfq.qat.binary import broadcast_shape
from tfq.qat.capture import Call, Value, called, inside
from tfq.qat.channel_scale import ChannelScale
from tfq.qat.moves import moved_shape
from tfq.qat.part import WEIGHTED, Part

Operand = Any  # Value, number, array or keras.Variable


class Net:
    """Collects the parts of one call. Methods take Values (tensors of the graph) and give a Value."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.parts: list[Part] = []

    def refuse(self, reason: str, remedy: str) -> Unsupported:
        """The error that names this layer; raise it."""
        kind = type(self.call.layer).__name__
        return Unsupported(f"layer {self.call.name!r} ({kind}): {reason}; {remedy}")

    def part(self, kind: str, inputs: Sequence[Value], shape: Any, **fields: Any) -> Value:
        """A primitive of any kind (those of `build.MAKERS`)."""
        output = Value(tuple(shape), "float32")
        fields = {
            "name": f"{self.call.name}_{fields.pop('label', kind)}",
            "layer": None,
            "source": self.call.name,
            **fields,
        }
        part = Part(kind, inputs=list(inputs), output=output, **fields)
        has_weights = part.kind in (*WEIGHTED, "scale", "embedding", "prelu") or "constant_shape" in part.settings
        if self.call.calls_of_layer > 1 and has_weights:
            part.share = (id(self.call.layer), len(self.parts))
        self.parts.append(part)
        return output

    # Weighted.
    def weighted(self, kind: str, x: Value, layer: Any, weights: Any = None, label: str | None = None) -> Value:
        """kind: "conv_2d", "depthwise_conv_2d", "conv_2d_transpose", "dense". layer: a Keras layer of that kind; its
        activation is ignored. weights: NumPy arrays or variables in place of its own (of a layer made for the purpose).
        """
        if getattr(layer, "data_format", "channels_last") != "channels_last":
            raise self.refuse("data_format is channels_first", "TFLite has channels_last only")
        shape = layer.compute_output_shape(x.shape)
        values = None if weights is None else [_array(w) for w in weights if w is not None]
        return self.part(kind, [x], shape, layer=layer, weights=values, label=label or kind)

    def linear(self, x: Value, kernel: Any, bias: Any = None, trainable: bool = True, label: str = "dense") -> Value:
        """x @ kernel + bias over the last axis, per-channel weights. kernel: [in, out], bias: [out] or None; variables
        that do not train make weights that do not.
        """
        dense = keras.layers.Dense(kernel.shape[-1], use_bias=bias is not None, name=f"{self.call.layer.name}_{label}")
        dense.trainable = trainable and getattr(kernel, "trainable", True) and self._trains
        return self.weighted("dense", x, dense, [kernel, bias], label)

    def scale(
        self, x: Value, factor: Any, offset: Any = 0.0, trainable: bool | None = None, label: str = "scale"
    ) -> Value:
        """x * factor + offset. factor, offset: a number or one a channel (the last axis).

        trainable: of arrays; variables learn if they are trainable (False: not even then), numbers never.
        """
        depth = int(x.shape[-1] or 1)
        learns = [
            name
            for name, value in (("factor", factor), ("offset", offset))
            if trainable is not False and np.ndim(value) > 0 and getattr(value, "trainable", bool(trainable))
        ]
        values = [np.broadcast_to(_array(value), (depth,)) for value in (factor, offset)]
        layer = ChannelScale(depth, learns, name=f"{self.call.layer.name}_{label}")
        layer.trainable = bool(learns) and self._trains
        return self.part("scale", [x], x.shape, layer=layer, weights=values, label=label)

    @property
    def _trains(self) -> bool:
        return bool(getattr(self.call.layer, "trainable", True))

    # Two operands.
    def add(self, a: Operand, b: Operand) -> Value:
        """a + b, broadcast."""
        return self.binary("add", a, b)

    def subtract(self, a: Operand, b: Operand) -> Value:
        """a - b, broadcast."""
        return self.binary("subtract", a, b)

    def multiply(self, a: Operand, b: Operand) -> Value:
        """a * b, broadcast."""
        return self.table(["square", "x"], a) if a is b else self.binary("multiply", a, b)

    def maximum(self, a: Operand, b: Operand) -> Value:
        """The larger of a and b, broadcast."""
        return self.binary("maximum", a, b)

    def minimum(self, a: Operand, b: Operand) -> Value:
        """The smaller of a and b, broadcast."""
        return self.binary("minimum", a, b)

    def binary(self, kind: str, a: Operand, b: Operand) -> Value:
        """Of two tensors, or of one and a constant. kind: "add", "subtract", "multiply", "maximum", "minimum", or a
        function of two numbers that is known to `tfq.numerics.expression`.
        """
        if isinstance(a, Value) and isinstance(b, Value):
            return self.part(kind, [a, b], broadcast_shape(a.shape, b.shape))
        x, constant = (a, b) if isinstance(a, Value) else (b, a)
        trainable = isinstance(constant, keras.Variable) and constant.trainable
        value = _array(constant)
        if value.size == 1 and trainable:
            value = value.reshape(1)
        elif value.size == 1:
            number = float(value.reshape(()))
            return self.table([kind, "x", number] if x is a else [kind, number, "x"], x)
        if kind in ("maximum", "minimum"):
            raise self.refuse(f"{kind} with a constant tensor", "use one number, or clip")
        shape = broadcast_shape(x.shape, value.shape)
        if shape[0] is not None or len(shape) != len(x.shape):
            raise self.refuse(f"a constant of shape {value.shape} changes the batch", "give it no batch axis")
        if value.shape == (x.shape[-1],) and shape == x.shape:
            return self._by_channel(kind, x, value, trainable, constant_first=x is not a)
        settings = {
            "constant_shape": value.shape,
            "constant_first": x is not a,
            "constant_trainable": trainable and self._trains,
        }
        return self.part(kind, [x], shape, settings=settings, weights=[value])

    def _by_channel(self, kind: str, x: Value, value: Any, trainable: bool, constant_first: bool) -> Value:
        if kind == "multiply":
            return self.scale(x, value, 0.0, trainable)
        factor = -1.0 if kind == "subtract" and constant_first else 1.0
        return self.scale(x, factor, -value if kind == "subtract" and not constant_first else value, trainable)

    def matmul(self, a: Value, b: Value, transpose_a: bool = False, transpose_b: bool = False) -> Value:
        """a @ b of two tensors over their last two axes; the axes before are alike (or 1)."""
        left, right = list(a.shape), list(b.shape)
        rows = left[-1] if transpose_a else left[-2]
        columns = right[-2] if transpose_b else right[-1]
        batch = broadcast_shape(tuple(left[:-2]), tuple(right[:-2]))
        settings = {"transpose_a": transpose_a, "transpose_b": transpose_b}
        return self.part("batch_matmul", [a, b], (*batch, rows, columns), settings=settings)

    def called(self, layer: Any, x: Value) -> Value:
        """layer(x), of a layer or model inside this one, by its own rules."""
        from tfq.qat import rules  # which import this module

        calls, made = called(layer, x, rules.known)
        if len(made) != 1:
            raise self.refuse(f"layer {layer.name!r} inside it has {len(made)} outputs", "give it one output")
        for call in calls:
            call.calls_of_layer = max(call.calls_of_layer, self.call.calls_of_layer)
            self.parts += rules.decompose(call)
        return made[0]

    # One operand.
    def table(self, expression: Any, x: Value, label: str = "table") -> Value:
        """A function of each element: an expression of tfq.numerics.expression, ["sqrt", "x"]."""
        return self.part("table", [x], x.shape, settings={"expression": expression}, label=label)

    def activation(self, x: Value, name: str, **settings: Any) -> Value:
        """An activation with a kernel of its own: "relu", "relu6", "sigmoid", "tanh", "softmax" and
        "log_softmax" (last axis).
        """
        if name in ("relu", "relu6"):
            return self.part(name, [x], x.shape, activation=name)
        settings = {"activation": name, **settings}
        return self.part("activation", [x], x.shape, settings=settings, label=name)

    def inline(self, layer: Any, x: Value) -> Value:
        """What the `call` of another layer makes of x, by the rules of the layers and operations in it."""
        from tfq.qat import rules  # which import this module

        calls, made = inside(layer, x, rules.known)
        for call in calls:
            call.calls_of_layer = max(call.calls_of_layer, self.call.calls_of_layer)
            self.parts += rules.decompose(call)
        return made

    def identity(self, x: Value) -> Value:
        """x: a layer that does nothing at inference."""
        return self.part("identity", [x], x.shape)

    def mean(self, x: Value, axes: Sequence[int], keepdims: bool = False) -> Value:
        """The mean over axes (not the batch)."""
        axes = self.axes(x, axes)
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
        return self.part("mean", [x], shape, settings={"axes": axes, "keepdims": keepdims})

    def axes(self, x: Value, axes: Sequence[int]) -> tuple[int, ...]:
        """Axes counted from the front. Raises Unsupported if the batch is among them."""
        rank = len(x.shape)
        found = tuple(sorted(axis % rank for axis in axes))
        if 0 in found:
            raise self.refuse("axis 0 is the batch", "use the other axes")
        return found

    # Moves.
    def move(self, kind: str, x: Value, **settings: Any) -> Value:
        """A row of moves.MOVES."""
        return self.part(kind, [x], moved_shape(kind, settings, x.shape), settings=settings)

    def reshape(self, x: Value, shape: Sequence[int | None]) -> Value:
        """shape: with -1 (or None) first for the batch, which other axes may be folded into."""
        return self.move("reshape", x, shape=[-1 if n is None else int(n) for n in shape])

    def transpose(self, x: Value, axes: Sequence[int]) -> Value:
        """axes: of the input, the batch included (and first)."""
        axes = [int(axis) % len(x.shape) for axis in axes]
        if axes[0] != 0:
            raise self.refuse("a transpose moves the batch", "keep axis 0 first")
        return x if axes == sorted(axes) else self.move("transpose", x, axes=axes)

    def slice(self, x: Value, axis: int, begin: int, end: int, step: int = 1) -> Value:
        """x[..., begin:end:step, ...] along one axis, 0 <= begin < end, step > 0."""
        axis %= len(x.shape)
        slices = [[0, int(size or 0), 1] for size in x.shape[1:]]
        slices[axis - 1] = [int(begin), int(end), int(step)]
        return self.move("slice", x, slices=slices)

    def pad(self, x: Value, paddings: Sequence[Sequence[int]]) -> Value:
        """Zeros; paddings: (before, after) of every axis but the batch."""
        return self.move("pad", x, paddings=[[0, 0], *([int(a), int(b)] for a, b in paddings)])

    def gather(self, x: Value, indices: Any, axis: int) -> Value:
        """Constant indices (one axis of them, none negative) along an axis: also repeats, flips, tiles."""
        return self.move("gather", x, indices=[int(i) for i in np.ravel(indices)], axis=int(axis) % len(x.shape))

    def concatenate(self, values: Sequence[Value], axis: int) -> Value:
        """One tensor of several, along an axis that is not the batch."""
        axis %= len(values[0].shape)
        if axis == 0:
            raise self.refuse("axis 0 is the batch", "concatenate along another axis")
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] or 0 for value in values)
        return self.part("concatenate", values, shape, settings={"axis": axis})

    def finish(self, made: Any) -> list[Part]:
        """The parts, the last of them named for the call. made: the rule's Value, or Values as the call has them."""
        results = keras.tree.flatten(made)
        if not all(isinstance(value, Value) for value in results):
            raise self.refuse("its parts do not end in tensors", "return what the methods of net give")
        if len(results) != len(self.call.outputs):
            raise self.refuse(f"{len(results)} parts for {len(self.call.outputs)} outputs", "report this")
        final: dict[Value, Value] = {}
        for i, (value, output) in enumerate(zip(results, self.call.outputs, strict=True)):
            maker = next((part for part in self.parts if part.output is value), None)
            if maker is None:  # an input of the call, or an output of it already
                self.identity(final.get(value, value))
                maker = self.parts[-1]
            final[value] = output
            self._require_shape(value, output)
            for reader in self.parts:
                reader.inputs = [output if x is maker.output else x for x in reader.inputs]
            maker.output = output
            maker.name = self.call.name if len(results) == 1 else f"{self.call.name}_{i}"
            maker.fused = [self.call.name]
        return self.parts

    def _require_shape(self, value: Value, output: Value) -> None:
        """Keras knows less of some shapes than the parts do: EinsumDense(output_shape=(None, 9))."""
        if len(value.shape) == len(output.shape):
            output.shape = tuple(a if b is None else b for a, b in zip(value.shape, output.shape, strict=True))
        if value.shape != output.shape:
            raise self.refuse(f"parts of shape {value.shape} for an output of {output.shape}", "report this")


def _array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value), np.float32)
