"""LSTM in float32: i, f, o = sigmoid(g), z = act(g), cell = f * cell + i * z, h = o * act(cell).

g = sum of x * w + bias + sum of h * r + cell * peephole; with layer norm (g - mean) / sqrt(variance + 1e-8) * weights
+ bias, the bias not before. CIFG: i = 1 - f. A projection brings h to its size: h = sum of h * p + bias.

The runtimes add in an order of their own and take exp and tanh from their C library: the last bits may differ.

Source: google-ai-edge/LiteRT tflite/kernels/lstm_eval.cc LstmStepFloat; tensorflow/tflite-micro
tensorflow/lite/micro/kernels/lstm_eval.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from tfq.ops import lstm_layout
from tfq.ops.contract import Node
from tfq.ops.lstm_layout import CELL, FORGET, INPUT, Arrays, Gate, Layout
from tfq.ops.real_activations import Activation, activation_of

KINDS = {"x": "FLOAT32", "weights": "FLOAT32", "bias": "FLOAT32", "cell": "FLOAT32", "vector": "FLOAT32"}
_EPSILON = np.float32(1e-8)


@dataclass(frozen=True, eq=False)
class Constants:
    """activation: of the cell. clips: 0 for none."""

    activation: Activation
    cell_clip: float
    projection_clip: float


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
    mean = g.mean(axis=-1, keepdims=True)
    variance = (g * g).mean(axis=-1, keepdims=True) - mean * mean
    inverse = 1 / np.sqrt(np.where(variance == 0, _EPSILON, variance))
    return (g - mean) * inverse * weights + bias


def run(constants: Constants, layout: Layout, given: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray):
    """x: [T, B, I], h: [B, O], c: [B, C] -> (y: [T, B, O], h, c), all float32."""
    y = np.empty((*x.shape[:2], layout.outputs), np.float32)

    def value(gate: Gate, t: int) -> np.ndarray:
        g = x[t] @ _there(given, gate.weights).T + h @ _there(given, gate.recurrent).T
        g = g if layout.has_norm else g + _there(given, gate.bias)
        if layout.has_peephole and gate.peephole is not None:
            g = g + c * _there(given, gate.peephole)
        if layout.has_norm:
            g = layer_norm(g, _there(given, gate.norm), _there(given, gate.bias))
        return constants.activation(g) if gate is CELL else sigmoid(g)

    with np.errstate(all="ignore"):
        for t in range(len(x)):
            *early, last = layout.gates
            values = {gate: value(gate, t) for gate in early}
            entering = values.get(INPUT, 1 - values[FORGET])
            c = _clip(values[FORGET] * c + entering * values[CELL], constants.cell_clip)
            h = _project(constants, layout, given, value(last, t) * constants.activation(c))
            y[t] = h
    return y, h, c


def _project(constants: Constants, layout: Layout, given: Arrays, hidden: np.ndarray) -> np.ndarray:
    if not layout.has_projection:
        return hidden
    bias = given[lstm_layout.PROJECTION_BIAS]
    y = hidden @ _there(given, lstm_layout.PROJECTION).T
    return _clip(y if bias is None else y + bias, constants.projection_clip)


def prepare(node: Node, layout: Layout) -> lstm_layout.Params:
    """The layer. Raises Unsupported for types and activations."""
    lstm_layout.require_kinds(node, layout, KINDS)
    clips = [float(node.options.get(option, 0.0)) for option in ("cell_clip", "proj_clip")]
    return lstm_layout.Params(layout, partial(run, Constants(activation_of(node), *clips), layout))
