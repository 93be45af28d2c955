"""PACK: inputs of one shape beside each other along a new axis. Stored values are copied.

LiteRT refuses inputs and outputs with different scales or zero points; TFLite Micro does not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import any_parameters, axis_in, moved, require_room, same_parameters, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "UINT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "INT64", "FLOAT32")}
SPEC = Spec(
    "PACK",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/pack.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/pack.cc",
)

CHECK_GRIDS = {LITERT: same_parameters, XNNPACK: same_parameters, TFLM: any_parameters}


@dataclass(frozen=True)
class Params:
    """axis: of the output, counted from the front."""

    axis: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, shapes that differ, an axis out of range, differing scales."""
    first = moved(node, profile, TYPES)
    inputs = [given(node, i) for i in range(len(node.inputs))]
    unlike = [tensor.name for tensor in inputs if (tensor.type, tensor.shape) != (first.type, first.shape)]
    if unlike or len(inputs) != node.options.get("values_count", len(inputs)):
        raise node.unsupported(f"{len(inputs)} inputs of one type and shape are needed, others are {unlike}")
    CHECK_GRIDS[profile](node, *inputs, node.outputs[0])
    require_room(node, [len(inputs), *first.shape])
    return Params(_axis(node))


def _axis(node: Node) -> int:
    return axis_in(node, int(node.options.get("axis", 0)), len(given(node).shape) + 1)


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the new axis comes before them."""
    return rows_apart(node) and _axis(node) != 0


def evaluate(params: Params, *inputs) -> np.ndarray:
    """inputs: of one shape. Constants of batch 1 are repeated for a larger batch."""
    if params.axis:
        batch = max(x.shape[0] for x in inputs)
        inputs = tuple(np.broadcast_to(x, (batch, *x.shape[1:])) for x in inputs)
    return np.stack(inputs, axis=params.axis)
