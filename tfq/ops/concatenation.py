"""CONCATENATION along one axis: stored integers are copied.

int8 wants one scale and zero point for all inputs and the output, in every profile, and no fused activation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import XNNPACK_RANK, axes_of, given, require_rank, same_grid
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "CONCATENATION",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/concatenation.cc; google/XNNPACK src/subgraph/concatenate.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/concatenation.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: XNNPACK_RANK, TFLM: 6}
CHECK_GRIDS = {LITERT: same_grid, XNNPACK: same_grid, TFLM: same_grid}
MOST_INPUTS = {LITERT: None, XNNPACK: None, TFLM: 10}


@dataclass(frozen=True)
class Params:
    """axis: counted from the front."""

    axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, an activation, differing scales and too many inputs."""
    node.require_types(SPEC)
    activation = node.options.get("fused_activation_function", "NONE")
    if activation != "NONE":
        raise node.unsupported(f"the fused activation must be NONE, received {activation}")
    most = MOST_INPUTS[profile]
    if most is not None and len(node.inputs) > most:
        raise node.unsupported(f"at most {most} inputs in {profile.name}, received {len(node.inputs)}")
    require_rank(node, LARGEST_RANK[profile])
    CHECK_GRIDS[profile](node, *node.inputs, node.outputs[0])
    return Params(_axis(node))


def _axis(node: Node) -> int:
    """The axis, counted from the front. Raises Unsupported unless the inputs agree in all others."""
    shapes = [given(node, i).shape for i in range(len(node.inputs))]
    (axis,) = axes_of(node, np.asarray([node.options.get("axis", 0)]), len(shapes[0]))
    if len({(len(shape), shape[:axis], shape[axis + 1 :]) for shape in shapes}) > 1:
        raise node.unsupported(f"shapes must agree but for axis {axis}, received {[list(shape) for shape in shapes]}")
    return axis


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the inputs are joined along their axis."""
    return rows_apart(node) and _axis(node) != 0


def evaluate(params: Params, *inputs) -> np.ndarray:
    """inputs: int8, equal in shape but for the axis -> int8. Constants of batch 1 are repeated for a larger batch."""
    if params.axis:
        batch = max(x.shape[0] for x in inputs)
        inputs = tuple(np.broadcast_to(x, (batch, *x.shape[1:])) for x in inputs)
    return np.concatenate(inputs, axis=params.axis)
