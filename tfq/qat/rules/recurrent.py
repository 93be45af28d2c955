"""Recurrent layers, unrolled over time: TFLite's integer LSTM differs between runtimes, and there is no GRU.

The input's product is one op for all steps (of ConvLSTM one a step), the state's product one shared layer that every
step calls: one set of weights that trains, stored once in the file. All steps of an op lie on one grid, so that its
constants are worked out once; a grid for each step gave 1 dB more. The gates have a grid, the candidate another. While
training, `dropout` falls on the inputs as in Keras; `recurrent_dropout` is not applied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.moves import MOVES
from tfq.qat.net import Net
from tfq.qat.rules.activations import activation
from tfq.qat.rules.families import Rule

_MIXING = ("softmax", "log_softmax", "sparsemax", "glu")  # activations that are not elementwise


class Cell:
    """Writes the ops of a Keras cell. Sequences are [B, T, F], states [B, 1, units].

    name: tells the cells of one layer apart. trainable: whether its weights learn.
    """

    def __init__(self, net: Net, cell: Any, name: str, trainable: bool) -> None:
        self.net, self.cell, self.name = net, cell, name
        self.trainable = trainable and getattr(cell, "trainable", True)
        self.holders: dict[str, Any] = {}

    # What cells define.
    def inputs(self, x: Value, steps: int) -> list[list[Value]]:
        """What each step reads of the sequence x: its products with the kernel."""
        return _steps(self.net, self.input_products(self.dropped(x)), steps)

    def input_products(self, x: Value) -> list[Value]:
        """x times the kernel, in as many parts as have ranges of their own."""
        raise NotImplementedError

    def step(self, x: list[Value], states: list[Value] | None) -> list[Value]:
        """The new states, the first of which is the output. states: None for zeros."""
        raise NotImplementedError

    def state_shape(self, shape: tuple[int | None, ...]) -> list[int | None]:
        """The shape that states have here, of that which Keras gives them."""
        return [-1, 1, *shape[1:]]

    def sequence(self, outputs: Sequence[Value]) -> Value:
        """The outputs of all steps as Keras gives them."""
        return self.net.concatenate(outputs, 1) if len(outputs) > 1 else outputs[0]

    # What they are written with.
    def shared(self, role: str, make: Callable[..., Value], *operands: Any) -> Value:
        """What `make` gives; its parts are one layer for all steps, on one grid."""
        first = len(self.net.parts)
        made = make(*operands)
        for i, part in enumerate(self.net.parts[first:]):
            part.name = f"{self.net.call.name}_{self.name}{role}"
            if part.kind not in MOVES:
                part.share = (id(self.cell), role, i)
                part.settings["one_range"] = True
        return made

    def activation(self, role: str, x: Value, function: Any) -> Value:
        """A Keras activation of x."""
        return self.shared(role, activation, self.net, x, function)

    def gate_activation(self, x: Value) -> Value:
        """The recurrent activation of gates side by side."""
        function = self.cell.recurrent_activation
        if keras.activations.serialize(function) in _MIXING:
            raise self.net.refuse("the recurrent activation mixes units", "use sigmoid or hard_sigmoid")
        return self.activation("gates", x, function)

    def slice_of(self, x: Value, position: int, units: int) -> Value:
        """One of the gates side by side."""
        return self.net.slice(x, -1, position * units, (position + 1) * units)

    def product(self, of: str, role: str, x: Value, gates: Sequence[int] = (0,), count: int = 1) -> Value:
        """x times the columns of those gates (of `count`), one layer for all calls.

        of: "input" or "recurrent", which says the kernel; a bias of its own is added.
        """
        cell = self.cell
        kernel = cell.kernel if of == "input" else cell.recurrent_kernel
        bias = None if cell.bias is None else keras.ops.convert_to_numpy(cell.bias)
        if bias is not None and bias.ndim == 2:  # GRU, reset_after
            bias = bias[0 if of == "input" else 1]
        elif of == "recurrent":
            bias = None
        weights = [_columns(w, gates, count) for w in (kernel, bias) if w is not None]
        label = f"{of}{role}"
        if label not in self.holders:
            origin = "kernel" if of == "input" else "recurrent"
            common = {
                "use_bias": bias is not None,
                "kernel_regularizer": getattr(cell, f"{origin}_regularizer"),
                "bias_regularizer": cell.bias_regularizer,
                "kernel_constraint": getattr(cell, f"{origin}_constraint"),
                "bias_constraint": cell.bias_constraint,
                "name": f"{self.net.call.layer.name}_{self.name}{label}",
            }
            self.holders[label] = self.holder(of, weights[0].shape, common)
            self.holders[label].trainable = self.trainable
        return self.shared(label, self.weighted, x, self.holders[label], weights)

    def holder(self, of: str, shape: tuple[int, ...], common: dict[str, Any]) -> Any:
        """The Keras layer that holds a product's weights."""
        return keras.layers.Dense(shape[-1], **common)

    def weighted(self, x: Value, holder: Any, weights: list[Any]) -> Value:
        """The product's part."""
        return self.net.weighted("dense", x, holder, weights)

    def dropped(self, x: Value) -> Value:
        """x, dropped out in training, alike at every step."""
        if not self.cell.dropout:
            return x
        layer = keras.layers.Dropout(self.cell.dropout, noise_shape=(None, 1, *x.shape[2:]), seed=self.cell.seed)
        return self.net.part("dropout", [x], x.shape, layer=layer)


def _columns(weight: Any, gates: Sequence[int], count: int) -> np.ndarray:
    parts = np.split(np.asarray(keras.ops.convert_to_numpy(weight)), count, axis=-1)
    return np.concatenate([parts[gate] for gate in gates], axis=-1)


def _steps(net: Net, values: Sequence[Value], steps: int) -> list[list[Value]]:
    """The values cut into their steps along axis 1."""
    sizes = [int(value.shape[1] or 0) // steps for value in values]
    return [[net.slice(v, 1, t * n, (t + 1) * n) for v, n in zip(values, sizes, strict=True)] for t in range(steps)]


class SimpleRNN(Cell):
    """h = f(x W + h U + b)."""

    def input_products(self, x):
        return [self.product("input", "", x)]

    def step(self, x, states):
        total = x[0]
        if states is not None:
            total = self.shared("sum", self.net.add, total, self.product("recurrent", "", states[0]))
        return [self.activation("state", total, self.cell.activation)]


class LSTM(Cell):
    """c = f c + i g(x, h), h = o g(c). The gates have one product and range, the candidate another."""

    # The product's columns, of Keras's order i, f, c, o.
    GATES, CANDIDATE = ("_gates", (0, 1, 3), 4), ("_candidate", (2,), 4)

    def both(self, of: str, x: Value) -> list[Value]:
        """The products of x for the gates and for the candidate."""
        return [self.product(of, role, x, gates, count) for role, gates, count in (self.GATES, self.CANDIDATE)]

    def input_products(self, x):
        return self.both("input", x)

    def step(self, x, states):
        net = self.net
        if states is not None:
            past = self.both("recurrent", states[0])
            x = [self.shared(f"sum{i}", net.add, *pair) for i, pair in enumerate(zip(x, past, strict=True))]
        units = x[1].shape[-1]
        gates = self.gate_activation(x[0])
        candidate = self.activation("candidate", x[1], self.cell.activation)
        c = self.shared("new", net.multiply, self.slice_of(gates, 0, units), candidate)
        if states is not None:
            kept = self.shared("kept", net.multiply, self.slice_of(gates, 1, units), states[1])
            c = self.shared("carry", net.add, kept, c)
        shown = self.activation("shown", c, self.cell.activation)
        return [self.shared("state", net.multiply, self.slice_of(gates, 2, units), shown), c]


class GRU(Cell):
    """h = g + z (h - g), g = f(x_h + r (h U + b)) or f(x_h + (r h) U)."""

    GATES, CANDIDATE = ("_gates", (0, 1), 3), ("_candidate", (2,), 3)  # of z, r, h

    def input_products(self, x):
        return [self.product("input", role, x, gates, count) for role, gates, count in (self.GATES, self.CANDIDATE)]

    def step(self, x, states):
        net = self.net
        units = x[1].shape[-1]
        if states is None:  # zeros, on the grid of what the state's product is added to
            states = [net.slice(net.pad(x[1], [(0, 0), (units, 0)]), -1, 0, units)]
        (h,) = states
        past = self.product("recurrent", self.GATES[0], h, *self.GATES[1:])
        gates = self.gate_activation(self.shared("sum0", net.add, x[0], past))
        z, r = (self.slice_of(gates, i, units) for i in range(2))
        past = h if self.cell.reset_after else self.shared("reset", net.multiply, r, h)
        past = self.product("recurrent", self.CANDIDATE[0], past, *self.CANDIDATE[1:])
        past = self.shared("reset", net.multiply, r, past) if self.cell.reset_after else past
        candidate = self.activation("candidate", self.shared("sum1", net.add, x[1], past), self.cell.activation)
        change = self.shared("kept", net.multiply, z, self.shared("change", net.subtract, h, candidate))
        return [self.shared("state", net.add, candidate, change)]


class ConvLSTM(LSTM):
    """ConvLSTM in one or two dimensions: rows of all steps below each other, states are images."""

    def inputs(self, x, steps):
        x = self.dropped(x)
        if self.cell.rank == 2:
            x = self.net.reshape(x, [-1, steps * int(x.shape[2] or 0), *x.shape[3:]])
        return [self.both("input", image) for (image,) in _steps(self.net, [x], steps)]

    def state_shape(self, shape):
        return [-1, 1, *shape[1:]] if self.cell.rank == 1 else [-1, *shape[1:]]

    def weighted(self, x, holder, weights):
        kernel, *bias = weights
        return self.net.weighted("conv_2d", x, holder, [kernel[None] if self.cell.rank == 1 else kernel, *bias])

    def holder(self, of, shape, common):
        cell, flat = self.cell, self.cell.rank == 1
        size = (1, shape[0]) if flat else shape[:2]
        if of == "recurrent":
            return keras.layers.Conv2D(shape[-1], size, padding="same", **common)
        strides, dilation = (value[0] if flat else value for value in (cell.strides, cell.dilation_rate))
        return keras.layers.Conv2D(
            shape[-1], size, strides=strides, padding=cell.padding, dilation_rate=dilation, **common
        )


_L = keras.layers
CELLS: dict[type, type[Cell]] = {
    _L.SimpleRNNCell: SimpleRNN,
    _L.LSTMCell: LSTM,
    _L.GRUCell: GRU,
    type(_L.ConvLSTM2D(1, 1).cell): ConvLSTM,
}


def _writer(net: Net, cell: Any, name: str, trainable: bool) -> Cell:
    for cls, writer in CELLS.items():
        if isinstance(cell, cls) and getattr(type(cell), "call", None) is vars(cls)["call"]:
            if getattr(cell, "rank", 1) == 3:
                raise net.refuse("its states are volumes", "use ConvLSTM2D, the depth among the channels")
            if getattr(cell, "data_format", "channels_last") != "channels_last":
                raise net.refuse("data_format is channels_first", "TFLite has channels_last only")
            return writer(net, cell, name, trainable)
    known = ", ".join(cls.__name__ for cls in CELLS)
    raise net.refuse(f"cell {type(cell).__name__} has no int8 form", f"use {known}, or write the steps out with layers")


def _unrolled(net: Net, layer: Any, x: Value, initial: list[Value], name: str = "") -> list[Value]:
    """What an RNN layer gives: its output, then its states if it returns them."""
    steps = x.shape[1]
    if steps is None:
        raise net.refuse("the number of steps is not known", "give the model's input a fixed length")
    if layer.stateful:
        raise net.refuse("stateful=True keeps a state between runs", "give and return it: initial_state, return_state")
    cells = layer.cell.cells if isinstance(layer.cell, _L.StackedRNNCells) else [layer.cell]
    trainable = net.call.layer.trainable and layer.trainable and getattr(layer.cell, "trainable", True)
    states: list[Value] = []
    for number, cell in enumerate(cells):
        writer = _writer(net, cell, f"{name}{number}_" if len(cells) > 1 else name, trainable)
        read = writer.inputs(x, steps)
        count = len(cell.state_size) if isinstance(cell.state_size, (list, tuple)) else 1
        given, initial = initial[:count], initial[count:]
        state = [net.reshape(value, writer.state_shape(value.shape)) for value in given] or None
        outputs = []
        for read_now in reversed(read) if layer.go_backwards and number == 0 else read:
            state = writer.step(read_now, state)
            outputs.append(state[0])
        states += state or []
        whole = number < len(cells) - 1 or layer.return_sequences
        x = writer.sequence(outputs) if whole else outputs[-1]
    return [x, *states] if layer.return_state else [x]


def _arguments(net: Net, call: Call) -> tuple[Value, list[Value]]:
    """The sequence and the initial states. Raises Unsupported for masks and constant states."""
    named = {**dict(zip(("sequences", "initial_state", "mask"), call.args, strict=False)), **call.kwargs}
    if named.get("mask") is not None:
        raise net.refuse(
            "a mask (of Masking or Embedding mask_zero) has no int8 form", "pad at the front and leave the mask out"
        )
    x, initial = named["sequences"], keras.tree.flatten(named.get("initial_state"))
    initial = [value for value in initial if value is not None]
    if not isinstance(x, Value) or not all(isinstance(value, Value) for value in initial):
        raise net.refuse("an initial state is a constant", "leave zeros out, or make it an input")
    return x, initial


def _shaped(net: Net, call: Call, values: list[Value]) -> list[Value]:
    """The values in the shapes that Keras gives them."""
    return [
        value if value.shape == output.shape else net.reshape(value, [-1, *output.shape[1:]])
        for value, output in zip(values, call.outputs, strict=True)
    ]


def _rnn(net: Net, call: Call) -> list[Value]:
    x, initial = _arguments(net, call)
    return _shaped(net, call, _unrolled(net, call.layer, x, initial))


def _bidirectional(net: Net, call: Call) -> list[Value]:
    layer = call.layer
    x, initial = _arguments(net, call)
    half = len(initial) // 2
    sides = []
    for side, name, given in (
        (layer.forward_layer, "forward_", initial[:half]),
        (layer.backward_layer, "backward_", initial[half:]),
    ):
        if not isinstance(side, _L.RNN):
            raise net.refuse(f"around a {type(side).__name__}", "Bidirectional takes LSTM, GRU, SimpleRNN or RNN")
        sides.append(_unrolled(net, side, x, given, name))
    (y, *states), (reverse, *more) = sides
    if layer.return_sequences:
        reverse = net.gather(reverse, range(int(x.shape[1] or 0))[::-1], 1)
    merged = [y, reverse] if layer.merge_mode is None else [MERGES[layer.merge_mode](net, y, reverse)]
    return _shaped(net, call, [*merged, *states, *more])


MERGES: dict[str, Callable[[Net, Value, Value], Value]] = {
    "concat": lambda net, y, reverse: net.concatenate([y, reverse], -1),
    "sum": lambda net, y, reverse: net.add(y, reverse),
    "ave": lambda net, y, reverse: net.table(["multiply", "x", 0.5], net.add(y, reverse)),
    "mul": lambda net, y, reverse: net.multiply(y, reverse),
}

RULES: dict[type, Rule] = {
    _L.RNN: _rnn,
    _L.LSTM: _rnn,
    _L.GRU: _rnn,
    _L.SimpleRNN: _rnn,
    _L.ConvLSTM1D: _rnn,
    _L.ConvLSTM2D: _rnn,
    _L.ConvLSTM3D: _rnn,
    _L.Bidirectional: _bidirectional,
}
