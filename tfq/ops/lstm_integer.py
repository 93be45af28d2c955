"""LiteRT's LSTM of int8 inputs and weights with a 16-bit cell: one step after the other.

With g a gate in steps of 2**-12 (with layer norm: of its intermediate's scale), sat to int16 and every rescale a 31-bit
multiplier of a float32 ratio with two roundings:
    g = sat(rescale(sum of (x - x_zero) * w + bias)); g = sat(rescale(sum of (h - h_zero) * r) + g)
    with a peephole:    g = sat(rescale(cell * p) + g), the output gate after the cell has changed
    with layer norm:    g = norm(g) with the bias instead of above
    i, f, o = sigmoid(g), z = tanh(g), gemmlowp's in 16 bits;   CIFG: i = 32767 - f
    cell = sat(f * cell / 2**15 + i * z / 2**(30 + log2 of the cell's scale)), halves away from zero; clipped
    h = clamp(rescale(o * tanh(cell)) + zero); with a projection clamp(... - zero), then its matrix, bias, zero, clip
The output is h itself: its own scale and zero point are not looked at.

Source: google-ai-edge/LiteRT tflite/kernels/lstm_eval.cc EvalInteger8x8_16, unidirectional_sequence_lstm.cc
PopulateQuantizedLstmParams8x8_16, internal/reference/portable_tensor_utils.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from tfq.numerics import arrays, gemmlowp_16
from tfq.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
    wrap32,
)
from tfq.numerics.inverse_sqrt import inverse_sqrt
from tfq.numerics.sigmoid_16 import power_of_two
from tfq.ops import lstm_layout
from tfq.ops.checks import given
from tfq.ops.contract import Node, affine_of
from tfq.ops.lstm_layout import CELL, FORGET, INPUT, OUTPUT, Arrays, Gate, Layout

KINDS = {"x": "INT8", "weights": "INT8", "bias": "INT32", "cell": "INT16", "peephole": "INT16", "norm": "INT16"}
_GATE_SCALE = np.float32(2.0**-12)
# tanh has 15 + log2 of the cell's scale integer bits, the kernel 0 to 6.
_MOST_RATIO = 2.0**30
_CELL_POWERS = range(-15, -8)
Multiplier = tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class GateConstants:
    """Multipliers of the sums over input, output state and cell, and of the layer norm; guard: the norm's variance."""

    gate: Gate
    x: Multiplier
    h: Multiplier
    peephole: Multiplier | None
    norm: Multiplier | None
    guard: int


@dataclass(frozen=True, eq=False)
class Constants:
    """zero points of input, output state and hidden; power: log2 of the cell's scale; clips: 0 for none."""

    gates: tuple[GateConstants, ...]
    x_zero: int
    h_zero: int
    hidden_zero: int
    power: int
    hidden: Multiplier
    projection: Multiplier | None
    cell_clip: int
    projection_clip: int


def _one_scale(node: Node, position: int) -> tuple[np.float32, int]:
    grid = affine_of(node, given(node, position))
    if np.ndim(grid.scale):
        raise node.unsupported(f"input {position} must have one scale")
    return np.float32(grid.scale), int(grid.zero_point)


def _intermediate(node: Node, place: int) -> tuple[np.float32, int]:
    tensor = node.intermediates[place] if len(node.intermediates) == 5 else None
    if tensor is None or tensor.quantization is None:
        raise node.unsupported(f"an integer LSTM needs 5 intermediate tensors with scales; {place} has none")
    return np.float32(tensor.quantization.scale[0]), int(tensor.quantization.zero_point[0])


def _multiplier(node: Node, real) -> Multiplier:
    """31 bits of a float32 ratio of scales. Raises Unsupported where its left shift would be 31 or more."""
    if not real < _MOST_RATIO:
        raise node.unsupported(f"ratios of scales must be below 2**30, received {float(real):.9g}")
    return quantize_multiplier(arrays, np.float64(np.float32(real)))


def _clip(limit: float, scale: np.float32, largest: int) -> int:
    return int(min(np.float32(limit) / scale, np.float32(largest))) if limit > 0 else 0


def _gate(node: Node, layout: Layout, gate: Gate, place: int, power: int) -> GateConstants:
    scale = _intermediate(node, place)[0] if layout.has_norm else _GATE_SCALE
    x, h = _one_scale(node, 0)[0], _one_scale(node, lstm_layout.OUTPUT_STATE)[0]
    peephole = norm = None
    guard = 1
    if layout.has_peephole and gate.peephole is not None:
        peephole = _multiplier(node, 2.0**power * float(_one_scale(node, gate.peephole)[0]) / float(scale))
    if layout.has_norm:
        coefficient = _one_scale(node, gate.norm)[0]
        norm, guard = _multiplier(node, coefficient), max(1, int(np.float32(10000) * coefficient))
    return GateConstants(
        gate,
        _multiplier(node, _one_scale(node, gate.weights)[0] * x / scale),
        _multiplier(node, _one_scale(node, gate.recurrent)[0] * h / scale),
        peephole,
        norm,
        guard,
    )


def constants(node: Node, layout: Layout) -> Constants:
    """Everything that does not change from step to step. Raises Unsupported for scales and intermediates."""
    with np.errstate(over="ignore"):
        return _constants(node, layout)


def _constants(node: Node, layout: Layout) -> Constants:
    (_, x_zero), (h_scale, h_zero) = _one_scale(node, 0), _one_scale(node, lstm_layout.OUTPUT_STATE)
    cell_scale, _ = _one_scale(node, lstm_layout.CELL_STATE)
    power = power_of_two(float(cell_scale))
    if power is None or power not in _CELL_POWERS:
        raise node.unsupported(f"the cell's scale must be a power of two in [2**-15, 2**-9], received {cell_scale}")
    hidden_scale, hidden_zero = _intermediate(node, 4)
    projection = None
    if layout.has_projection:
        projection = _multiplier(node, _one_scale(node, lstm_layout.PROJECTION)[0] * hidden_scale / h_scale)
    output_scale = np.float32(np.ravel(affine_of(node, node.outputs[0]).scale)[0])
    places = {INPUT: 0, FORGET: 1, CELL: 2, OUTPUT: 3}
    return Constants(
        tuple(_gate(node, layout, gate, places[gate], power) for gate in layout.gates),
        x_zero,
        h_zero,
        hidden_zero,
        power,
        _multiplier(node, 2.0**-15 / float(hidden_scale) * 2.0**-15),
        projection,
        _clip(node.options.get("cell_clip", 0.0), cell_scale, 32767),
        _clip(node.options.get("proj_clip", 0.0), output_scale, 127),
    )


def _saturate(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -(2**15), 2**15 - 1)


def _wrap16(x: np.ndarray) -> np.ndarray:
    return x.astype(np.int16).astype(np.int64)


def _rescale(acc: np.ndarray, multiplier: Multiplier) -> np.ndarray:
    return multiply_by_quantized_multiplier(arrays, wrap32(arrays, acc), *multiplier)


def _sums(x: np.ndarray, zero: int, weights: np.ndarray) -> np.ndarray:
    """int64 sums of (x - zero) * w over the last axis, exact."""
    return ((x.astype(np.float64) - zero) @ weights.T.astype(np.float64)).astype(np.int64)


def _divide(a: np.ndarray, b: int) -> np.ndarray:
    """a / b cut towards zero."""
    return np.sign(a) * (np.abs(a) // b)


def layer_norm(g: np.ndarray, weights: np.ndarray, bias: np.ndarray, scale: Multiplier, guard: int) -> np.ndarray:
    """The gate [B, C] with mean 0 and variance 1 over the cells, times weights, plus bias.

    scale: multiplier of the weights' scale. guard: the variance that stands for one below 1.
    """
    count = g.shape[-1]
    mean = _divide(g.sum(axis=-1, keepdims=True) * 1024, count)
    variance = _divide((g * g).sum(axis=-1, keepdims=True) * (2**20 // count) - mean * mean, 2**20)
    multiplier, shift = inverse_sqrt(arrays, np.where(variance < 1, guard, variance))
    normal = multiply_by_quantized_multiplier(arrays, 1024 * g - mean, multiplier, shift)
    scaled = wrap32(arrays, normal * weights.astype(np.int64) + bias.astype(np.int64))
    scaled = _divide(np.where(scaled > 0, scaled + 512, scaled - 512), 1024)
    multiplier, shift = scale
    return _saturate(multiply_by_quantized_multiplier(arrays, scaled, multiplier, shift + 12))


def _inputs(constants: Constants, layout: Layout, each: GateConstants, given: Arrays, x: np.ndarray) -> np.ndarray:
    """[T, B, C]: the input's part of a gate at every step."""
    gate = each.gate
    bias = 0 if layout.has_norm else _there(given, gate.bias).astype(np.int64)
    return _saturate(_rescale(_sums(x, constants.x_zero, _there(given, gate.weights)) + bias, each.x))


def _there(given: Arrays, position: int) -> np.ndarray:
    return cast(np.ndarray, given[position])


def run(constants: Constants, layout: Layout, given: Arrays, x: np.ndarray, h: np.ndarray, c: np.ndarray):
    """x: int8 [T, B, I], h: int8 [B, O], c: int16 [B, C] -> (y: int8 [T, B, O], h, c)."""
    parts = {each.gate: _inputs(constants, layout, each, given, x) for each in constants.gates}
    recurrent = {each.gate: _there(given, each.gate.recurrent).astype(np.float64) for each in constants.gates}
    cell, y = c.astype(np.int64), np.empty((*x.shape[:2], layout.outputs), np.int8)

    def value(each: GateConstants, t: int) -> np.ndarray:
        gate = each.gate
        g = _saturate(_rescale(_sums(h, constants.h_zero, recurrent[gate]), each.h) + parts[gate][t])
        if each.peephole is not None:
            g = _saturate(g + _rescale(cell * _there(given, gate.peephole or 0), each.peephole))
        if each.norm is not None:
            g = layer_norm(g, _there(given, gate.norm), _there(given, gate.bias), each.norm, each.guard)
        return gemmlowp_16.tanh(arrays, g) if gate is CELL else gemmlowp_16.logistic(arrays, g)

    for t in range(len(x)):
        *early, last = constants.gates
        values = {each.gate: value(each, t) for each in early}
        cell = _cell(constants, values, cell)
        h = _hidden(constants, layout, given, value(last, t), cell)
        y[t] = h
    return y, h.astype(np.int8), cell.astype(np.int16)


def _cell(constants: Constants, values: dict[Gate, np.ndarray], cell: np.ndarray) -> np.ndarray:
    forget = values[FORGET]
    entering = values.get(INPUT, 2**15 - 1 - forget)
    kept = rounding_divide_by_pot(arrays, forget * cell, np.int64(15))
    added = rounding_divide_by_pot(arrays, entering * values[CELL], np.int64(30 + constants.power))
    cell = _saturate(_wrap16(kept) + _wrap16(added))
    return np.clip(cell, -constants.cell_clip, constants.cell_clip) if constants.cell_clip > 0 else cell


def _hidden(constants: Constants, layout: Layout, given: Arrays, gate: np.ndarray, cell: np.ndarray) -> np.ndarray:
    products = gate * gemmlowp_16.tanh(arrays, cell, 15 + constants.power)
    steps = _rescale(products, constants.hidden)
    if constants.projection is None:
        return np.clip(steps + constants.hidden_zero, -128, 127)
    # The zero point is taken off here, and added to what the matrix multiplies.
    hidden = np.clip(steps - constants.hidden_zero, -128, 127)
    bias = given[lstm_layout.PROJECTION_BIAS]
    acc = _sums(hidden, -constants.hidden_zero, _there(given, lstm_layout.PROJECTION)) + (0 if bias is None else bias)
    y = np.clip(_rescale(acc, constants.projection) + constants.h_zero, -128, 127)
    return np.clip(y, -constants.projection_clip, constants.projection_clip) if constants.projection_clip > 0 else y


def prepare(node: Node, layout: Layout) -> lstm_layout.Params:
    """Constants of the layer. Raises Unsupported for types, scales, weights' zero points and intermediates."""
    lstm_layout.require_kinds(node, layout, KINDS)
    if layout.has_peephole and layout.outputs != layout.cells:
        raise node.unsupported("peephole weights with a projection to another size: the kernel mixes up its cells")
    return lstm_layout.Params(layout, partial(run, constants(node, layout), layout))
