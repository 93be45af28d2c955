"""Where an LSTM's tensors are, which gates it has, and how its steps lie in its input.

    inputs: 0 x | 1-4 input weights | 5-8 recurrent weights | 9-11 peephole weights (none of the cell gate) | 12-15
    biases | 16, 17 projection weights and bias | 18 output state | 19 cell state | 20-23 layer norm coefficients

The order of the gates is input, forget, cell, output. Without the input gate's weights (CIFG) it is 1 - forget.

Source: google-ai-edge/LiteRT tflite/kernels/lstm_shared.h, lstm.cc, unidirectional_sequence_lstm.cc.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tfq.ops.checks import given
from tfq.ops.contract import Node

PROJECTION, PROJECTION_BIAS, OUTPUT_STATE, CELL_STATE = 16, 17, 18, 19
VARIABLES = (OUTPUT_STATE, CELL_STATE)
Arrays = Sequence[np.ndarray | None]


class Gate(NamedTuple):
    """Positions of a gate's tensors among the op's inputs; peephole is None for the cell gate."""

    weights: int
    recurrent: int
    peephole: int | None
    bias: int
    norm: int


INPUT, FORGET = Gate(1, 5, 9, 12, 20), Gate(2, 6, 10, 13, 21)
CELL, OUTPUT = Gate(3, 7, None, 14, 22), Gate(4, 8, 11, 15, 23)


@dataclass(frozen=True)
class Layout:
    """gates: those that have weights of their own. time_major: steps along axis 0 of a rank-3 input, else along 1.

    inputs, cells, outputs: sizes of a step's input, of the cell, and of the output (the cell's without projection).
    """

    gates: tuple[Gate, ...]
    time_major: bool
    inputs: int
    cells: int
    outputs: int
    has_peephole: bool
    has_projection: bool
    has_norm: bool

    @property
    def coupled(self) -> bool:
        """Whether the input gate is 1 - forget (CIFG)."""
        return INPUT not in self.gates

    def steps(self, x: np.ndarray) -> np.ndarray:
        """[T, B, I] of the input."""
        if x.ndim == 2:
            return x[None]
        return x if self.time_major else x.swapaxes(0, 1)

    def restore(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """y [T, B, O] as the output of the input x."""
        if x.ndim == 2:
            return y[0]
        return np.ascontiguousarray(y if self.time_major else y.swapaxes(0, 1))


@dataclass(frozen=True, eq=False)
class Params:
    """run: (arrays, x [T, B, I], output state [B, O], cell state [B, C]) -> (y [T, B, O], both states after it)."""

    layout: Layout
    run: Callable[[Arrays, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def layout_of(node: Node, time_major: bool, ranks: tuple[int, ...]) -> Layout:
    """The layout. ranks: of the input. Raises Unsupported for tensors that are missing or do not fit together."""
    if len(node.inputs) not in (20, 24) or len(node.outputs) != 1:
        raise node.unsupported(f"it must have 20 or 24 inputs and 1 output, received {len(node.inputs)}")
    coupled = node.input(INPUT.weights) is None
    gates = (FORGET, CELL, OUTPUT) if coupled else (INPUT, FORGET, CELL, OUTPUT)
    x, weights, recurrent = given(node), given(node, OUTPUT.weights), given(node, OUTPUT.recurrent)
    if len(x.shape) not in ranks or len(weights.shape) != 2 or len(recurrent.shape) != 2:
        shapes = [list(tensor.shape) for tensor in (x, weights, recurrent)]
        raise node.unsupported(f"input must have {ranks} axes, weights 2; received {shapes}")
    layout = Layout(
        gates,
        time_major,
        x.shape[-1],
        weights.shape[0],
        recurrent.shape[1],
        has_peephole=node.input(OUTPUT.peephole or 0) is not None,
        has_projection=node.input(PROJECTION) is not None,
        has_norm=node.input(FORGET.norm) is not None,
    )
    _require_shapes(node, layout)
    return layout


def _expected(layout: Layout) -> dict[int, tuple[int, ...]]:
    """Position -> shape of every tensor that the layout needs, but the states."""
    shapes: dict[int, tuple[int, ...]] = {}
    for gate in layout.gates:
        shapes[gate.weights] = (layout.cells, layout.inputs)
        shapes[gate.recurrent] = (layout.cells, layout.outputs)
        shapes[gate.bias] = (layout.cells,)
        if layout.has_peephole and gate.peephole is not None:
            shapes[gate.peephole] = (layout.cells,)
        if layout.has_norm:
            shapes[gate.norm] = (layout.cells,)
    if layout.has_projection:
        shapes[PROJECTION] = (layout.outputs, layout.cells)
    return shapes


def _require_shapes(node: Node, layout: Layout) -> None:
    expected = _expected(layout)
    for position, shape in expected.items():
        if given(node, position).shape != shape:
            raise node.unsupported(
                f"input {position} must have shape {list(shape)}, received {list(given(node, position).shape)}"
            )
    projected = node.input(PROJECTION_BIAS)
    if projected is not None and projected.shape != (layout.outputs,):
        raise node.unsupported(f"the projection's bias must have shape [{layout.outputs}]")
    if not layout.has_projection and layout.cells != layout.outputs:
        raise node.unsupported(f"without projection recurrent weights must be [{layout.cells}, {layout.cells}]")
    optional = {gate.peephole for gate in (*layout.gates, INPUT) if gate.peephole is not None}
    unexpected = [p for p in optional if p not in expected and node.input(p) is not None]
    if unexpected:
        raise node.unsupported(f"peephole weights {unexpected} without the others")
    shape = given(node).shape
    batch = shape[-2] if len(shape) == 2 or layout.time_major else shape[0]
    sizes = (batch * layout.outputs, batch * layout.cells)
    received = tuple(math.prod(given(node, position).shape) for position in VARIABLES)
    if received != sizes:
        raise node.unsupported(f"the states must have {sizes[0]} and {sizes[1]} elements, received {received}")


def require_kinds(node: Node, layout: Layout, kinds: dict[str, str]) -> None:
    """Raises Unsupported unless the tensors have the types of `kinds`: x, weights, bias, cell, peephole, norm.

    x: the input, the output and its state. cell: the cell state.
    """
    wanted = {0: kinds["x"], OUTPUT_STATE: kinds["x"], CELL_STATE: kinds["cell"]}
    for gate in layout.gates:
        wanted |= {gate.weights: kinds["weights"], gate.recurrent: kinds["weights"], gate.bias: kinds["bias"]}
        if layout.has_peephole and gate.peephole is not None:
            wanted[gate.peephole] = kinds["peephole"]
        if layout.has_norm:
            wanted[gate.norm] = kinds["norm"]
    if layout.has_projection:
        wanted |= {PROJECTION: kinds["weights"]}
        if node.input(PROJECTION_BIAS) is not None:
            wanted |= {PROJECTION_BIAS: kinds["bias"]}
    received = {position: given(node, position).type for position in wanted}
    wrong = {p: (received[p], wanted[p]) for p in wanted if received[p] != wanted[p]}
    if node.outputs[0].type != kinds["x"]:
        wrong[-1] = (node.outputs[0].type, kinds["x"])
    if wrong:
        words = ", ".join(f"{'output' if p < 0 else f'input {p}'} is {a}, not {b}" for p, (a, b) in wrong.items())
        raise node.unsupported(words)


def updates(node: Node) -> tuple[int, ...]:
    """The two states."""
    return VARIABLES


def evaluate(params: Params, *arrays: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """arrays: the op's 20 or 24 inputs -> (y, output state, cell state)."""
    x, h, c = arrays[0], arrays[OUTPUT_STATE], arrays[CELL_STATE]
    steps = params.layout.steps(x)
    batch = steps.shape[1]
    y, last, cell = params.run(arrays, steps, h.reshape(batch, -1), c.reshape(batch, -1))
    return params.layout.restore(y, x), last.reshape(h.shape), cell.reshape(c.shape)
