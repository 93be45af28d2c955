"""RNN: h = activation(sum of x * w + sum of h * r + bias), one step for each run; h is kept in a variable tensor.

float32 only, for now: int8 weights with a float32 input are refused. LiteRT adds in an order of its own: the last bits
may differ. TFLite Micro has none, and XNNPACK takes none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.real_activations import activation_of

SPEC = Spec(
    "RNN",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/basic_rnn.cc, internal/kernel_utils.cc RnnBatchStep",
)

STATE = 4
TYPES = {LITERT: ("FLOAT32",), XNNPACK: ("FLOAT32",), TFLM: ()}


@dataclass(frozen=True, eq=False)
class Params:
    """time_axis: of the input's steps, None for a single one."""

    activation: Callable[[np.ndarray], np.ndarray]
    time_axis: int | None


def step(params: Params, x: np.ndarray, w: np.ndarray, r: np.ndarray, bias: np.ndarray, h: np.ndarray) -> np.ndarray:
    """x: [B, I], w: [U, I], r: [U, U], bias: [U], h: [B, U] -> the new h."""
    with np.errstate(all="ignore"):
        return params.activation(x @ w.T + bias + h @ r.T).astype(np.float32)


def prepare_steps(node: Node, profile: Profile, time_axis: int | None) -> Params:
    """The cell. Raises Unsupported for types, shapes and activations that the kernel does not take."""
    if len(node.inputs) != STATE + 1 or len(node.outputs) != 1:
        raise node.unsupported(f"it must have 5 inputs and 1 output, received {len(node.inputs)}")
    tensors = [given(node, position) for position in range(STATE + 1)]
    kinds = {tensor.type for tensor in (*tensors, node.outputs[0])}
    if kinds - set(TYPES[profile]):
        raise node.unsupported(f"{profile.name} takes {' '.join(TYPES[profile]) or 'none'}, received {sorted(kinds)}")
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
    return Params(activation_of(node), time_axis)


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
