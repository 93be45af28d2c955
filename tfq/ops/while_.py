"""WHILE: a subgraph again and again on its own outputs, as long as another one says true of them.

A loop of more steps than the interpreter allows (it counts for all loops of a sample) is refused while it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import Profile
from tfq.ops.contract import Context, Node, Spec

SPEC = Spec(
    "WHILE",
    (),
    "google-ai-edge/LiteRT tflite/kernels/while.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/while.cc",
)


@dataclass(frozen=True)
class Params:
    """Subgraphs. place: the op, for errors."""

    condition: int
    body: int
    place: str


def subgraphs(node: Node) -> tuple[int, ...]:
    """Condition and body."""
    return int(node.options["cond_subgraph_index"]), int(node.options["body_subgraph_index"])


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported unless it has as many outputs as inputs, and two different subgraphs."""
    if len(node.inputs) != len(node.outputs) or None in node.inputs:
        raise node.unsupported(f"it must have as many outputs as inputs, received {len(node.outputs)}")
    condition, body = subgraphs(node)
    if condition == body:
        raise node.unsupported(f"condition and body are both subgraph {body}")
    return Params(condition, body, node.place)


def evaluate_within(context: Context, params: Params, *arrays: np.ndarray) -> tuple:
    """arrays: what the first iteration starts from -> what the last one gives.

    Raises: TfqError for a condition that is not one bool.
    """
    state = list(arrays)
    while _true(context.run(params.condition, state), params):
        state = context.run(params.body, state)
        if len(state) != len(arrays):
            raise TfqError(f"{params.place}: the body has {len(state)} outputs for {len(arrays)} inputs")
    return tuple(state)


def _true(outputs: list[np.ndarray], params: Params) -> bool:
    if len(outputs) != 1 or outputs[0].dtype != np.bool_ or outputs[0].shape not in ((), (1,)):
        received = ", ".join(f"{array.dtype} {list(array.shape)}" for array in outputs)
        raise TfqError(f"{params.place}: its condition must give one bool, received {received or 'nothing'}")
    return bool(outputs[0].reshape(-1)[0])
