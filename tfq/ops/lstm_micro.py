"""TFLite Micro's LSTM of int8 or int16 inputs, int8 weights and a 16-bit cell, made of its other kernels.

g = sat(dense(x) + dense(h)), each brought to int16 on 2**-12: int8 by a 31-bit multiplier of the float64 ratio
x_scale * w_scale * 2**12 with two roundings, int16 by its 15-bit form with one. i, f, o = LOGISTIC(g), z = TANH(g) of
int16. cell = sat(MUL(f, cell) + MUL(i, z)) on its own scale, clipped; h = MUL(o, TANH(cell)) on the output state's.

There is no layer norm, peephole, projection or CIFG, and the activation must be TANH.

Source: tensorflow/tflite-micro tensorflow/lite/micro/kernels/unidirectional_sequence_lstm.cc, lstm_eval.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from tfq.numerics import arrays, sigmoid_16
from tfq.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    multiply_by_quantized_multiplier_64,
    quantize_multiplier,
    wrap32,
)
from tfq.ops import lstm_layout
from tfq.ops.checks import given
from tfq.ops.contract import Node, affine_of
from tfq.ops.lstm_layout import CELL, FORGET, INPUT, OUTPUT, Arrays, Gate, Layout

KINDS = {
    "INT8": {"x": "INT8", "weights": "INT8", "bias": "INT32", "cell": "INT16"},
    "INT16": {"x": "INT16", "weights": "INT8", "bias": "INT64", "cell": "INT16"},
}
_GATE_SCALE, _VALUE_SCALE = 2.0**-12, 2.0**-15
# The 15-bit form shifts less.
_MOST_RATIO = {"INT8": 2.0**30, "INT16": 2.0**8}
Multiplier = tuple[Any, Any]


def _narrow(acc: np.ndarray, multiplier: Multiplier) -> np.ndarray:
    return multiply_by_quantized_multiplier(arrays, wrap32(arrays, acc), *multiplier)


def _wide(acc: np.ndarray, multiplier: Multiplier) -> np.ndarray:
    return multiply_by_quantized_multiplier_64(arrays, acc, *multiplier)


RESCALE = {"INT8": _narrow, "INT16": _wide}


@dataclass(frozen=True, eq=False)
class Constants:
    """dense: gate -> multipliers of the sums over x and h. weights: gate -> zero points of its two matrices.

    tanh: multiplier and right shift of the cell for the table. limits: of the output's type. clip: 0 for none.
    """

    dense: dict[Gate, tuple[Multiplier, Multiplier]]
    weights: dict[Gate, tuple[int, int]]
    rescale: Callable[[np.ndarray, Multiplier], np.ndarray]
    x_zero: int
    h_zero: int
    forget: Multiplier
    enter: Multiplier
    hidden: Multiplier
    tanh: tuple[int, int]
    limits: tuple[int, int]
    clip: int


def _scale(node: Node, position: int) -> tuple[float, int]:
    grid = affine_of(node, given(node, position))
    if np.ndim(grid.scale):
        raise node.unsupported(f"input {position} must have one scale")
    return float(grid.scale), int(grid.zero_point)


def _multiplier(node: Node, real: float) -> Multiplier:
    """31 bits of a ratio of scales. Raises Unsupported where its left shift would be too far for the rescale."""
    if not real < _MOST_RATIO[given(node).type]:
        raise node.unsupported(f"ratios of scales must be below {_MOST_RATIO[given(node).type]:g}, received {real:.9g}")
    return quantize_multiplier(arrays, np.float64(real))


def _tanh_steps(node: Node, scale: float) -> tuple[int, int]:
    """Multiplier and right shift that bring the cell to the table's steps, from the power of two next to its scale.

    Raises Unsupported where the kernel's 32 bits overflow.
    """
    power = math.floor(math.log2(scale) + 0.5)
    if not -40 <= power <= 0:
        raise node.unsupported(f"the cell's scale must be within [2**-40, 1], received {scale:.9g}")
    return (3 << (12 + power), 0) if power >= -12 else (3, -12 - power)


def constants(node: Node, layout: Layout) -> Constants:
    """Everything that does not change from step to step. Raises Unsupported for tensors with several scales."""
    (x, x_zero), (h, h_zero) = _scale(node, 0), _scale(node, lstm_layout.OUTPUT_STATE)
    cell, _ = _scale(node, lstm_layout.CELL_STATE)
    matrices = {gate: (_scale(node, gate.weights), _scale(node, gate.recurrent)) for gate in layout.gates}
    clip = np.clip(float(node.options.get("cell_clip", 0.0)) / cell, -(2.0**15), 2.0**15 - 1)
    kind = given(node).type
    return Constants(
        dense={
            gate: (_multiplier(node, x * w[0] / _GATE_SCALE), _multiplier(node, h * r[0] / _GATE_SCALE))
            for gate, (w, r) in matrices.items()
        },
        weights={gate: (w[1], r[1]) for gate, (w, r) in matrices.items()},
        rescale=RESCALE[kind],
        x_zero=x_zero,
        h_zero=h_zero,
        forget=_multiplier(node, _VALUE_SCALE * cell / cell),
        enter=_multiplier(node, _VALUE_SCALE * _VALUE_SCALE / cell),
        hidden=_multiplier(node, _VALUE_SCALE * _VALUE_SCALE / h),
        tanh=_tanh_steps(node, cell),
        limits=(-128, 127) if kind == "INT8" else (-(2**15), 2**15 - 1),
        clip=int(clip),
    )


def _saturate(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -(2**15), 2**15 - 1)


def _sums(x: np.ndarray, zero: int, weights: np.ndarray, weights_zero: int) -> np.ndarray:
    """int64 sums over the last axis, exact."""
    return ((x.astype(np.float64) - zero) @ (weights.T.astype(np.float64) - weights_zero)).astype(np.int64)


def _there(given: Arrays, position: int) -> np.ndarray:
    return cast(np.ndarray, given[position])


def run(constants: Constants, layout: Layout, given: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray):
    """x: [T, B, I], h: [B, C] of x's type, c: int16 [B, C] -> (y: [T, B, C], h, c)."""
    parts = {gate: _inputs(constants, given, gate, x) for gate in layout.gates}
    cell, y = c.astype(np.int64), np.empty((*x.shape[:2], layout.outputs), x.dtype)

    def value(gate: Gate, t: int) -> np.ndarray:
        sums = _sums(h, constants.h_zero, _there(given, gate.recurrent), constants.weights[gate][1])
        g = _saturate(parts[gate][t] + _saturate(constants.rescale(sums, constants.dense[gate][1])))
        return sigmoid_16.tanh(arrays, g, 3, 0) if gate is CELL else sigmoid_16.logistic(arrays, g, 3, 0)

    for t in range(len(x)):
        forget, entering, update = (value(gate, t) for gate in (FORGET, INPUT, CELL))
        kept = _saturate(_narrow(forget * cell, constants.forget))
        cell = _saturate(kept + _saturate(_narrow(entering * update, constants.enter)))
        if constants.clip > 0:
            cell = np.clip(cell, -constants.clip, constants.clip)
        products = sigmoid_16.tanh(arrays, cell, *constants.tanh) * value(OUTPUT, t)
        h = np.clip(_narrow(products, constants.hidden) + constants.h_zero, *constants.limits)
        y[t] = h
    return y, h.astype(x.dtype), cell.astype(np.int16)


def _inputs(constants: Constants, given: Arrays, gate: Gate, x: np.ndarray) -> np.ndarray:
    """[T, B, C]: the input's part of a gate at every step."""
    sums = _sums(x, constants.x_zero, _there(given, gate.weights), constants.weights[gate][0])
    return _saturate(constants.rescale(sums + _there(given, gate.bias), constants.dense[gate][0]))


def prepare(node: Node, layout: Layout) -> lstm_layout.Params:
    """Constants of the layer. Raises Unsupported for types and for what the kernel does not have."""
    extras = {
        "CIFG": layout.coupled,
        "peephole weights": layout.has_peephole,
        "a projection": layout.has_projection,
        "layer norm": layout.has_norm,
    }
    if any(extras.values()) or len(node.inputs) != 24:
        found = ", ".join(name for name, there in extras.items() if there) or f"{len(node.inputs)} inputs"
        raise node.unsupported(f"TFLite Micro takes 24 inputs of the plain LSTM, received {found}")
    activation = node.options.get("fused_activation_function", "NONE")
    if activation != "TANH":
        raise node.unsupported(f"the activation must be TANH, received {activation}")
    lstm_layout.require_kinds(node, layout, KINDS[given(node).type])
    return lstm_layout.Params(layout, partial(run, constants(node, layout), layout))
