"""BIDIRECTIONAL_SEQUENCE_LSTM: two LSTMs over a sequence, one from each end, float32; weights float32 or int8.

The cells are those of lstm_float. Four states are kept in variable tensors. Auxiliary inputs are refused. TFLite Micro
has none, and XNNPACK takes none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import bidirectional, lstm_float, lstm_layout
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec

SPEC = Spec(
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/bidirectional_sequence_lstm.cc, lstm_eval.cc",
)

TYPES = {LITERT: ("FLOAT32",), XNNPACK: ("FLOAT32",), TFLM: ()}
STATES = (35, 36, 37, 38)
_NO_NORM = (None,) * 4
# The positions of each direction's 24 inputs, in the order of lstm_layout.
FORWARD = (0, *range(1, 18), 35, 36, *_NO_NORM)
BACKWARD = (0, *range(18, 35), 37, 38, *_NO_NORM)
_AUXILIARY = range(39, 48)


@dataclass(frozen=True, eq=False)
class Params:
    """merged: whether the outputs lie side by side. time_axis: of the steps."""

    forward: lstm_layout.Params
    backward: lstm_layout.Params
    merged: bool
    time_axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The two cells. Raises Unsupported for types, shapes and tensors that the kernel does not take."""
    if given(node).type not in TYPES[profile]:
        taken = " ".join(TYPES[profile]) or "none"
        raise node.unsupported(f"{profile.name} takes {taken}, received {given(node).type}")
    merged, time_major = bidirectional.require(node, 48, _AUXILIARY), bool(node.options.get("time_major", False))
    forward, backward = (_cell(bidirectional.direction(node, p), time_major) for p in (FORWARD, BACKWARD))
    sizes = forward.layout.cells, backward.layout.cells
    if sizes[0] != sizes[1]:
        raise node.unsupported(f"both directions must have as many cells, received {sizes[0]} and {sizes[1]}")
    if merged and not time_major and given(node).shape[0] > 1:
        raise node.unsupported(
            "merged outputs of several samples, [batch, time, inputs]: the kernel reads beyond its states; "
            "set time_major or merge_outputs=False"
        )
    return Params(forward, backward, merged, 0 if time_major else 1)


def _cell(node: Node, time_major: bool) -> lstm_layout.Params:
    return lstm_float.prepare_either(node, lstm_layout.layout_of(node, time_major, ranks=(3,)))


def updates(node: Node) -> tuple[int, ...]:
    """The four states."""
    return STATES


def evaluate(params: Params, *arrays) -> tuple[np.ndarray, ...]:
    """arrays: the op's 48 inputs -> (*outputs, the four states)."""
    x = arrays[0]

    def run(cell: lstm_layout.Params, positions, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return lstm_layout.evaluate(cell, steps, *(None if p is None else arrays[p] for p in positions[1:]))

    y, *states = run(params.forward, FORWARD, x)
    back, *others = run(params.backward, BACKWARD, bidirectional.reversed_steps(x, params.time_axis))
    back = bidirectional.reversed_steps(back, params.time_axis)
    return (*bidirectional.joined(params.merged, y, back), *states, *others)
