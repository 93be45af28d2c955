"""EMBEDDING_LOOKUP: rows of a table by index. Stored values are copied, or made real: float32 scale * q.

Real are int8, uint8 (whose bytes the kernel reads as int8) and int4 rows where the output is a float: one scale for
the table or, in litert and xnnpack, one for each row; the zero point must be 0. Indices outside the table are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, moved, require_indices, require_output, require_room, require_type, taken_type
from tfq.tflite.model import Tensor

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: ("INT8", "FLOAT32")}
REAL = {
    LITERT: (("INT8", "UINT8", "INT4"), ("FLOAT32", "FLOAT16")),
    XNNPACK: (("INT8", "UINT8", "INT4"), ("FLOAT32", "FLOAT16")),
    TFLM: (("INT8",), ("FLOAT32",)),
}
ROW_SCALES = {LITERT: True, XNNPACK: True, TFLM: False}
SPEC = Spec(
    "EMBEDDING_LOOKUP",
    ("INT32",),
    "google-ai-edge/LiteRT tflite/kernels/embedding_lookup.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/embedding_lookup.cc",
)


@dataclass(frozen=True, eq=False)
class Params:
    """scale: float32 [rows] or [1], None where values are copied. dtype: of the output."""

    node: Node
    scale: np.ndarray | None
    dtype: np.dtype


def prepare(node: Node, profile: Profile) -> Params:
    """The scale. Raises Unsupported for types, ranks, scales and zero points."""
    indices, table = require_type(node, 0, "INT32"), taken_type(node, profile, TYPES, 1)
    if len(indices.shape) != 1 or len(table.shape) < 2:
        raise node.unsupported(f"indices {list(indices.shape)} must have one axis, the table {list(table.shape)} two")
    require_room(node, [*indices.shape, *table.shape[1:]])
    y = node.outputs[0]
    if y.type == table.type:
        moved(node, profile, TYPES, 1)
        return Params(node, None, y.dtype)
    stored, real = REAL[profile]
    if table.type not in stored:
        raise node.unsupported(f"rows of {table.type} can only be copied, the output is {y.type}")
    require_output(node, 0, *real)
    return Params(node, _scale(node, profile, table), y.dtype)


def _scale(node: Node, profile: Profile, table: Tensor) -> np.ndarray:
    affine = table.quantization
    if affine is None or affine.zero_point.any():
        raise node.unsupported(f"the table {table.name!r} must have a scale and zero point 0")
    if affine.per_channel and (affine.axis != 0 or not ROW_SCALES[profile]):
        raise node.unsupported(f"{profile.name} does not take {affine.scale.size} scales along axis {affine.axis}")
    if table.type == "INT4" and np.prod(table.shape[1:]) % 2:
        raise node.unsupported(f"rows of INT4 must have an even size, received {list(table.shape[1:])}")
    return affine.scale.astype(np.float32)


def stacks(node: Node) -> bool:
    """Samples may be stacked where they look up a constant."""
    return given(node, 1).data is not None and given(node).data is None and given(node).shape[0] == 1


def evaluate(params: Params, indices, table) -> np.ndarray:
    """indices: int32 [n], table: [rows, ...] -> [n, ...]."""
    require_indices(params.node, indices, table.shape[0])
    if params.scale is None:
        return table[indices]
    rows = table[indices].view(np.int8).astype(np.float32)
    scale = params.scale[indices] if params.scale.size > 1 else params.scale
    with np.errstate(over="ignore"):
        return (rows * scale.reshape(-1, *(1,) * (rows.ndim - 1))).astype(params.dtype)
