"""UNIDIRECTIONAL_SEQUENCE_RNN: the steps of RNN over a sequence [batch, time, inputs], or [time, batch, inputs]."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.rnn import Params, prepare_steps, step, updates

__all__ = ["SPEC", "evaluate", "prepare", "updates"]

SPEC = Spec(
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/unidirectional_sequence_rnn.cc, internal/kernel_utils.cc RnnBatchStep",
)


def prepare(node: Node, profile: Profile) -> Params:
    """The cell. Raises Unsupported for types, shapes and activations that the kernel does not take."""
    return prepare_steps(node, profile, 0 if node.options.get("time_major", False) else 1)


def evaluate(params: Params, x, w, r, bias, h) -> tuple[np.ndarray, np.ndarray]:
    """x: [B, T, I] or [T, B, I], h: [B, U] -> (y of the same order, the last h)."""
    axis = params.time_axis or 0
    steps = []
    for each in np.moveaxis(x, axis, 0):
        h = step(params, each, w, r, bias, h)
        steps.append(h)
    y = np.stack(steps, axis) if steps else np.zeros((*x.shape[:2], len(w)), np.float32)
    return y, h
