"""ASSIGN_VARIABLE: a resource variable takes a new value, which stays until the next assignment or `reset()`."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import resources
from tfq.ops.contract import Context, Node, Spec

SPEC = Spec(
    "ASSIGN_VARIABLE",
    ("RESOURCE",),
    "google-ai-edge/LiteRT tflite/kernels/assign_variable.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/assign_variable.cc",
)


def prepare(node: Node, profile: Profile) -> str:
    """Nothing to prepare: the op's place. Raises Unsupported for another form than (resource, value) -> ()."""
    resources.require(node, inputs=2, outputs=0)
    return node.place


def evaluate_within(context: Context, params: str, handle: np.ndarray, value: np.ndarray) -> tuple[()]:
    """handle: of the variable. value: any shape and type."""
    context.resources[resources.key(handle)] = value
    return ()
