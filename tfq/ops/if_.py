"""IF: one of two subgraphs, chosen by a single bool; its outputs are the op's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Context, Node, Spec

SPEC = Spec(
    "IF",
    ("BOOL",),
    "google-ai-edge/LiteRT tflite/kernels/if.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/if.cc",
)


@dataclass(frozen=True)
class Params:
    """Subgraphs for true and for false."""

    then: int
    other: int


def subgraphs(node: Node) -> tuple[int, ...]:
    """Both branches."""
    return int(node.options["then_subgraph_index"]), int(node.options["else_subgraph_index"])


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported unless the first input is a single bool."""
    node.require_types(SPEC)
    if node.inputs[0] is not None and np.prod(node.inputs[0].shape, dtype=np.int64) != 1:
        raise node.unsupported(f"the condition must be one bool, received shape {list(node.inputs[0].shape)}")
    if None in node.inputs:
        raise node.unsupported("an input is missing")
    return Params(*subgraphs(node))


def evaluate_within(context: Context, params: Params, condition: np.ndarray, *arrays: np.ndarray) -> tuple:
    """condition: bool, one value. arrays: the branches' inputs."""
    return tuple(context.run(params.then if condition.reshape(-1)[0] else params.other, arrays))
