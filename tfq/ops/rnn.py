"""RNN: h = activation(sum of x * w + sum of h * r + bias), one step for each run; h is kept in a variable tensor.

float32; with int8 weights x and h are quantized to 8 bits row by row, see hybrid_rows. LiteRT adds in an order of its
own and takes tanh from a library: the last bits may differ, and with int8 weights a value between two codes may then
get the other one. TFLite Micro has none, and XNNPACK takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import hybrid_rows
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.real_activations import Activation, activation_of

SPEC = Spec(
    "RNN",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/basic_rnn.cc, internal/kernel_utils.cc RnnBatchStep",
)

STATE = 4
_FLOATS = ("FLOAT32",) * 6
_HYBRID = ("FLOAT32", "INT8", "INT8", "FLOAT32", "FLOAT32", "FLOAT32")
# Types of input, weights, recurrent weights, bias, state and output.
TYPES: Mapping[Profile, tuple[tuple[str, ...], ...]] = {
    LITERT: (_FLOATS, _HYBRID),
    XNNPACK: (_FLOATS, _HYBRID),
    TFLM: (),
}


@dataclass(frozen=True, eq=False)
class Params:
    """time_axis: of the input's steps, None for a single one. multiply: (rows, weights, position) -> their product."""

    activation: Activation
    time_axis: int | None
    multiply: Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def step(params: Params, x: np.ndarray, w: np.ndarray, r: np.ndarray, bias: np.ndarray, h: np.ndarray) -> np.ndarray:
    """x: [B, I], w: [U, I], r: [U, U], bias: [U], h: [B, U] -> the new h."""
    with np.errstate(all="ignore"):
        return params.activation(bias + params.multiply(x, w, 1) + params.multiply(h, r, 2)).astype(np.float32)


def _multiply(node: Node) -> Callable[[np.ndarray, np.ndarray, int], np.ndarray]:
    if given(node, 1).type == "FLOAT32":
        return lambda rows, weights, position: rows @ weights.T
    scales = {position: hybrid_rows.scale_of(node, position) for position in (1, 2)}
    asymmetric = bool(node.options.get("asymmetric_quantize_inputs", False))

    def multiply(rows: np.ndarray, weights: np.ndarray, position: int) -> np.ndarray:
        return hybrid_rows.product(hybrid_rows.quantized(rows, asymmetric), weights, scales[position])

    return multiply


def prepare_steps(node: Node, profile: Profile, time_axis: int | None) -> Params:
    """The cell. Raises Unsupported for types, shapes and activations that the kernel does not take."""
    if len(node.inputs) != STATE + 1 or len(node.outputs) != 1:
        raise node.unsupported(f"it must have 5 inputs and 1 output, received {len(node.inputs)}")
    tensors = [given(node, position) for position in range(STATE + 1)]
    kinds = tuple(tensor.type for tensor in (*tensors, node.outputs[0]))
    if kinds not in TYPES[profile]:
        raise node.unsupported(f"{profile.name} takes {TYPES[profile] or 'none'}, received {kinds}")
    x, w = tensors[0].shape, tensors[1].shape
    if len(x) != (2 if time_axis is None else 3) or len(w) != 2:
        raise node.unsupported(f"input {list(x)} and weights {list(w)} do not fit together")
    batch, units = x[-2] if time_axis != 1 else x[0], w[0]
    expected = [(units, x[-1]), (units, units), (units,), (batch, units)]
    received = [tensor.shape for tensor in tensors[1:]]
    if received != expected:
        raise node.unsupported(
            f"weights, recurrent weights, bias and state must have shapes {expected}, received {received}"
        )
    return Params(activation_of(node), time_axis, _multiply(node))


def prepare(node: Node, profile: Profile) -> Params:
    """The cell. Raises Unsupported for types, shapes and activations that the kernel does not take."""
    return prepare_steps(node, profile, None)


def updates(node: Node) -> tuple[int, ...]:
    """The state."""
    return (STATE,)


def evaluate(params: Params, x, w, r, bias, h) -> tuple[np.ndarray, np.ndarray]:
    """x: [B, I], w: [U, I], r: [U, U], bias: [U], h: [B, U] -> (the new h, the new h)."""
    h = step(params, x, w, r, bias, h)
    return h, h
