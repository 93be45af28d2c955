"""BIDIRECTIONAL_SEQUENCE_RNN: two cells of RNN over a sequence, one from each end, float32; weights float32 or int8.

Two states are kept in variable tensors. Auxiliary inputs are refused. TFLite Micro has none, and XNNPACK takes none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import bidirectional, rnn, unidirectional_sequence_rnn
from tfq.ops.contract import Node, Spec

SPEC = Spec(
    "BIDIRECTIONAL_SEQUENCE_RNN",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/bidirectional_sequence_rnn.cc, internal/kernel_utils.cc RnnBatchStep",
)

STATES = (4, 8)
# The positions of each direction's 5 inputs, in the order of RNN.
FORWARD, BACKWARD = (0, 1, 2, 3, 4), (0, 5, 6, 7, 8)
_AUXILIARY = range(9, 12)


@dataclass(frozen=True, eq=False)
class Params:
    """merged: whether the outputs lie side by side. time_axis: of the steps."""

    forward: rnn.Params
    backward: rnn.Params
    merged: bool
    time_axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The two cells. Raises Unsupported for types, shapes and tensors that the kernel does not take."""
    merged = bidirectional.require(node, 12, _AUXILIARY)
    axis = 0 if node.options.get("time_major", False) else 1
    forward, backward = (
        rnn.prepare_steps(bidirectional.direction(node, positions), profile, axis) for positions in (FORWARD, BACKWARD)
    )
    return Params(forward, backward, merged, axis)


def updates(node: Node) -> tuple[int, ...]:
    """The two states."""
    return STATES


def evaluate(params: Params, *arrays) -> tuple[np.ndarray, ...]:
    """arrays: the op's 12 inputs -> (*outputs, the two states)."""
    x, axis = arrays[0], params.time_axis
    steps = unidirectional_sequence_rnn.evaluate
    y, state = steps(params.forward, x, *(arrays[p] for p in FORWARD[1:]))
    back, other = steps(params.backward, bidirectional.reversed_steps(x, axis), *(arrays[p] for p in BACKWARD[1:]))
    return (*bidirectional.joined(params.merged, y, bidirectional.reversed_steps(back, axis)), state, other)
