"""SVDF: a dense layer of rank 1 or more over the last `memory` inputs, which it keeps in a variable tensor.

For each of units * rank filters: the newest feature = sum of x * wf joins the last memory - 1 ones; then
y = activation(sum over the unit's filters and over time of feature * wt + bias).

int8 (state and wt int16; tflm also both int8):
    newest = clamp(rescale(sum of (x - x_zero) * wf)) + state_zero, kept in the state's type; acc = bias + sum of
    (state - state_zero) * wt in int32; y = clamp(rescale(acc) + y_zero). Both multipliers have 31 bits, from
    float32 ratios x_scale * wf_scale / state_scale and state_scale * wt_scale / y_scale, two roundings.
    The zero points of the state are taken for 0 by litert and xnnpack, as are those of weights by all. The clamp of y
    is int8's whatever the activation, which LiteRT wants to be RELU: it is one if y_zero is -128.
float32: litert and xnnpack in an order of their own, which sums differently in the last bits from the one here. With
int8 weights (litert, xnnpack) the input is quantized to 8 bits row by row, see hybrid_rows; the time weights are
brought to float32.
int8 inputs and time weights with LiteRT overrun its memory: refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier, wrap32
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import hybrid_rows
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, affine_of
from tfq.ops.real_activations import Activation, activation_of
from tfq.tflite.model import Tensor

SPEC = Spec(
    "SVDF",
    ("INT8", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/svdf.cc, internal/reference/svdf.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/svdf_common.cc",
)

STATE = 4
_FLOATS = ("FLOAT32",) * 6
_HYBRID = ("FLOAT32", "INT8", "INT8", "FLOAT32", "FLOAT32", "FLOAT32")
_SIXTEEN = ("INT8", "INT8", "INT16", "INT32", "INT16", "INT8")
_EIGHT = ("INT8", "INT8", "INT8", "INT32", "INT8", "INT8")
# Types of input, feature weights, time weights, bias, state and output.
_BUILT_IN = (_FLOATS, _HYBRID, _SIXTEEN)
TYPES = {LITERT: _BUILT_IN, XNNPACK: _BUILT_IN, TFLM: (_FLOATS, _SIXTEEN, _EIGHT)}
# The only int8 activation that a profile takes; empty where none is looked at.
ACTIVATION = {LITERT: "RELU", XNNPACK: "RELU", TFLM: ""}
NEEDS_BIAS = {LITERT: False, XNNPACK: False, TFLM: True}
# Whether the state's zero point counts.
STATE_ZERO = {LITERT: False, XNNPACK: False, TFLM: True}
_MOST_RATIO = 2.0**30


class Constants(NamedTuple):
    """Each multiplier a pair (int64 multiplier, int64 shift). limits: of the state's type."""

    input_zero_point: int
    state_zero_point: int
    output_zero_point: int
    feature: tuple[Any, Any]
    output: tuple[Any, Any]
    limits: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Params:
    """filters: of one unit. newest: (x, wf) -> features. reduce: (state [B, F, T], wt, bias) -> y; F = units * rank."""

    rank: int
    memory: int
    newest: Callable[[np.ndarray, np.ndarray], np.ndarray]
    reduce: Callable[[np.ndarray, np.ndarray, Any, int], np.ndarray]


def integer_newest(constants: Constants, x: np.ndarray, wf: np.ndarray) -> np.ndarray:
    """int64 [B, F]: the features as the state keeps them, before its type cuts them."""
    acc = ((x.astype(np.float64) - constants.input_zero_point) @ wf.T.astype(np.float64)).astype(np.int64)
    features = multiply_by_quantized_multiplier(arrays, wrap32(arrays, acc), *constants.feature)
    return np.clip(features, *constants.limits) + constants.state_zero_point


def integer_reduce(constants: Constants, state: np.ndarray, wt: np.ndarray, bias: Any, rank: int) -> np.ndarray:
    """int8 [B, U] of the state [B, F, T]."""
    each = ((state.astype(np.int64) - constants.state_zero_point) * wt).sum(axis=-1)
    acc = each.reshape(len(state), -1, rank).sum(axis=-1) + (0 if bias is None else bias.astype(np.int64))
    y = multiply_by_quantized_multiplier(arrays, wrap32(arrays, acc), *constants.output)
    return np.clip(y + constants.output_zero_point, -128, 127).astype(np.int8)


def real_newest(x: np.ndarray, wf: np.ndarray) -> np.ndarray:
    """float32 [B, F]."""
    return x @ wf.T


def hybrid_newest(scale: np.float32, asymmetric: bool, x: np.ndarray, wf: np.ndarray) -> np.ndarray:
    """float32 [B, F] of int8 weights."""
    return hybrid_rows.product(hybrid_rows.quantized(x, asymmetric), wf, scale)


def hybrid_reduce(
    activation: Activation, scale: np.float32, state: np.ndarray, wt: np.ndarray, bias: Any, rank: int
) -> np.ndarray:
    """float32 [B, U] of the state [B, F, T] and int8 time weights."""
    return real_reduce(activation, state, wt * scale, bias, rank)


def real_reduce(activation: Activation, state: np.ndarray, wt: np.ndarray, bias: Any, rank: int) -> np.ndarray:
    """float32 [B, U] of the state [B, F, T]."""
    each = (state * wt).sum(axis=-1, dtype=np.float32)
    total = each.reshape(len(state), -1, rank).sum(axis=-1, dtype=np.float32)
    return activation(total if bias is None else total + bias).astype(np.float32)


def _require_shapes(node: Node, tensors: list[Tensor | None], rank: int) -> None:
    x, wf, wt, bias, state = tensors
    if any(t is None or len(t.shape) != 2 for t in (x, wf, wt, state)):
        raise node.unsupported("input, feature weights, time weights and state must have two axes each")
    batch, filters, memory = x.shape[0], wf.shape[0], wt.shape[1]  # type: ignore[union-attr]
    expected = [(batch, wf.shape[1]), (filters, memory), (batch, memory * filters)]  # type: ignore[union-attr]
    received = [x.shape, wt.shape, state.shape]  # type: ignore[union-attr]
    fits = rank > 0 and filters % rank == 0 and memory > 0 and expected == received
    if not fits or (bias is not None and bias.shape != (filters // rank,)):
        shapes = ", ".join(str(None if t is None else list(t.shape)) for t in tensors)
        raise node.unsupported(f"shapes {shapes} with rank {rank} do not fit together")


def _require(node: Node, profile: Profile) -> list[Tensor | None]:
    if len(node.inputs) != STATE + 1 or len(node.outputs) != 1:
        raise node.unsupported(f"it must have 5 inputs and 1 output, received {len(node.inputs)}")
    tensors = [node.input(position) for position in range(STATE + 1)]
    for position in (0, 1, 2, STATE):
        given(node, position)
    kinds = tuple(t.type if t is not None else None for t in (*tensors, node.outputs[0]))
    allowed = [types if tensors[3] is not None else (*types[:3], None, *types[4:]) for types in TYPES[profile]]
    if kinds not in allowed:
        taken = "; ".join(", ".join(types) for types in TYPES[profile])
        raise node.unsupported(f"{profile.name} takes {taken}; received {', '.join(map(str, kinds))}")
    if tensors[3] is None and NEEDS_BIAS[profile]:
        raise node.unsupported(f"{profile.name} needs a bias")
    return tensors


def _constants(node: Node, profile: Profile, tensors: list[Tensor | None]) -> Constants:
    x, wf, wt, state, out = (affine_of(node, t) for t in (*tensors[:3], tensors[STATE], node.outputs[0]) if t)
    # Of several scales the kernels read the first.
    scales = [np.float32(np.ravel(grid.scale)[0]) for grid in (x, wf, wt, state, out)]
    feature, output = scales[0] * scales[1] / scales[3], scales[3] * scales[2] / scales[4]
    if max(feature, output) >= _MOST_RATIO:
        raise node.unsupported(f"scale ratios must be below 2**30, received {feature:.9g} and {output:.9g}")
    points = [int(np.ravel(grid.zero_point)[0]) for grid in (x, state, out)]
    return Constants(
        points[0],
        points[1] if STATE_ZERO[profile] else 0,
        points[2],
        quantize_multiplier(arrays, np.float64(feature)),
        quantize_multiplier(arrays, np.float64(output)),
        (state.qmin, state.qmax),
    )


def _real(node: Node, rank: int, memory: int) -> Params:
    if given(node, 1).type == "FLOAT32":
        return Params(rank, memory, real_newest, partial(real_reduce, activation_of(node)))
    asymmetric = bool(node.options.get("asymmetric_quantize_inputs", False))
    newest = partial(hybrid_newest, hybrid_rows.scale_of(node, 1), asymmetric)
    return Params(rank, memory, newest, partial(hybrid_reduce, activation_of(node), hybrid_rows.scale_of(node, 2)))


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the layer. Raises Unsupported for types, shapes and options that the profile does not take."""
    tensors = _require(node, profile)
    rank, activation = int(node.options.get("rank", 0)), node.options.get("fused_activation_function", "NONE")
    _require_shapes(node, tensors, rank)
    memory = given(node, 2).shape[1]
    if given(node).type == "FLOAT32":
        return _real(node, rank, memory)
    if activation != (ACTIVATION[profile] or activation):
        raise node.unsupported(f"{profile.name} takes the activation {ACTIVATION[profile]}, received {activation}")
    constants = _constants(node, profile, tensors)
    return Params(rank, memory, partial(integer_newest, constants), partial(integer_reduce, constants))


def updates(node: Node) -> tuple[int, ...]:
    """The state."""
    return (STATE,)


def evaluate(params: Params, x, wf, wt, bias, state) -> tuple[np.ndarray, np.ndarray]:
    """x: [B, I], wf: [F, I], wt: [F, T], bias: [U] or None, state: [B, F * T] -> (y [B, U], the new state)."""
    kept = state.reshape(len(x), -1, params.memory)
    newest = params.newest(x, wf).astype(state.dtype)[..., None]
    kept = np.concatenate([kept[..., 1:], newest], axis=-1)
    return params.reduce(kept, wt, bias, params.rank), kept.reshape(state.shape)
