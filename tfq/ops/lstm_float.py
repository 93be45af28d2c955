"""LSTM in float32: i, f, o = sigmoid(g), z = act(g), cell = f * cell + i * z, h = o * act(cell).

g = bias + sum of x * w + sum of h * r + cell * peephole; with layer norm (g - mean) / deviation * weights + bias, the
bias not before. CIFG: i = 1 - f. A projection brings h to its size: h = bias + sum of h * p.

With int8 weights (litert and xnnpack, "hybrid") x, h and what is projected are quantized to 8 bits row by row, at every
step: see hybrid_rows; the peephole's weights are brought to float32.

The runtimes add in an order of their own and take exp and tanh from a library: the last bits may differ, and with int8
weights a value between two codes may then get the other one.

Source: google-ai-edge/LiteRT tflite/kernels/lstm_eval.cc LstmStepFloat, LstmStepHybrid; tensorflow/tflite-micro
tensorflow/lite/micro/kernels/lstm_eval.h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from tfq.ops import hybrid_rows, lstm_layout
from tfq.ops.checks import given
from tfq.ops.contract import Node
from tfq.ops.lstm_layout import CELL, FORGET, INPUT, OUTPUT, Arrays, Gate, Layout
from tfq.ops.real_activations import Activation, activation_of

KINDS = dict.fromkeys(("x", "weights", "bias", "cell", "peephole", "norm"), "FLOAT32")
HYBRID_KINDS = KINDS | {"weights": "INT8", "peephole": "INT8"}
_EPSILON = np.float32(1e-8)


@dataclass(frozen=True, eq=False)
class Constants:
    """activation: of the cell. clips: 0 for none.

    see: rows [B, n] -> what `multiply(seen, array, position)` takes: their product with the weights at that position.
    vector: (array, position) -> float32 peephole weights.
    """

    activation: Activation
    cell_clip: float
    projection_clip: float
    see: Callable[[np.ndarray], Any]
    multiply: Callable[[Any, np.ndarray, int], np.ndarray]
    vector: Callable[[np.ndarray, int], np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), float32."""
    with np.errstate(over="ignore"):
        return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(np.float32)


def _clip(x: np.ndarray, limit: float) -> np.ndarray:
    return np.clip(x, np.float32(-limit), np.float32(limit)) if limit > 0 else x


def _there(given: Arrays, position: int | None) -> np.ndarray:
    return cast(np.ndarray, given[position or 0])


def layer_norm(g: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The gate [B, C] with mean 0 and variance 1 over the cells, times weights, plus bias."""
    difference = g - g.mean(axis=-1, keepdims=True)
    variance = (difference * difference).mean(axis=-1, keepdims=True)
    return difference / np.sqrt(variance + _EPSILON) * weights + bias


def run(constants: Constants, layout: Layout, given: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray):
    """x: [T, B, I], h: [B, O], c: [B, C] -> (y: [T, B, O], h, c), all float32."""
    y = np.empty((*x.shape[:2], layout.outputs), np.float32)

    def value(gate: Gate, seen_x: Any, seen_h: Any) -> np.ndarray:
        g = np.float32(0) if layout.has_norm else _there(given, gate.bias)
        g = g + constants.multiply(seen_x, _there(given, gate.weights), gate.weights)
        g = g + constants.multiply(seen_h, _there(given, gate.recurrent), gate.recurrent)
        if layout.has_peephole and gate.peephole is not None:
            g = g + c * constants.vector(_there(given, gate.peephole), gate.peephole)
        if layout.has_norm:
            g = layer_norm(g, _there(given, gate.norm), _there(given, gate.bias))
        return constants.activation(g) if gate is CELL else sigmoid(g)

    with np.errstate(all="ignore"):
        for t in range(len(x)):
            seen = constants.see(x[t]), constants.see(h)
            values = {gate: value(gate, *seen) for gate in layout.gates if gate is not OUTPUT}
            entering = values.get(INPUT, 1 - values[FORGET])
            c = _clip(values[FORGET] * c + entering * values[CELL], constants.cell_clip)
            h = _project(constants, layout, given, value(OUTPUT, *seen) * constants.activation(c))
            y[t] = h
    return y, h, c


def _project(constants: Constants, layout: Layout, given: Arrays, hidden: np.ndarray) -> np.ndarray:
    if not layout.has_projection:
        return hidden
    position, bias = lstm_layout.PROJECTION, given[lstm_layout.PROJECTION_BIAS]
    y = constants.multiply(constants.see(hidden), _there(given, position), position)
    return _clip(y if bias is None else bias + y, constants.projection_clip)


def _matrices(layout: Layout) -> list[int]:
    """Positions of all weights that multiply rows, or the cell."""
    own = [p for gate in layout.gates for p in (gate.weights, gate.recurrent)]
    vectors = [gate.peephole for gate in layout.gates if layout.has_peephole and gate.peephole is not None]
    return own + vectors + ([lstm_layout.PROJECTION] if layout.has_projection else [])


def _constants(node: Node, see, multiply, vector) -> Constants:
    cell_clip, projection_clip = (float(node.options.get(option, 0.0)) for option in ("cell_clip", "proj_clip"))
    return Constants(activation_of(node), cell_clip, projection_clip, see, multiply, vector)


def prepare(node: Node, layout: Layout) -> lstm_layout.Params:
    """The layer with float32 weights. Raises Unsupported for types and activations."""
    lstm_layout.require_kinds(node, layout, KINDS)
    constants = _constants(node, lambda x: x, lambda x, w, position: x @ w.T, lambda w, position: w)
    return lstm_layout.Params(layout, partial(run, constants, layout))


def prepare_hybrid(node: Node, layout: Layout) -> lstm_layout.Params:
    """The layer with int8 weights. Raises Unsupported for types, scales and activations."""
    lstm_layout.require_kinds(node, layout, HYBRID_KINDS)
    scales = {position: hybrid_rows.scale_of(node, position) for position in _matrices(layout)}
    constants = _constants(
        node,
        partial(hybrid_rows.quantized, asymmetric=bool(node.options.get("asymmetric_quantize_inputs", False))),
        lambda rows, w, position: hybrid_rows.product(rows, w, scales[position]),
        lambda w, position: w * scales[position],
    )
    return lstm_layout.Params(layout, partial(run, constants, layout))


def prepare_either(node: Node, layout: Layout) -> lstm_layout.Params:
    """The layer with float32 or int8 weights, as the output gate's are."""
    hybrid = given(node, OUTPUT.weights).type == "INT8"
    return (prepare_hybrid if hybrid else prepare)(node, layout)
