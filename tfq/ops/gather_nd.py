"""GATHER_ND: slices by indices of several axes, the last axis of `indices`. Stored values are copied, scales not seen.

Indices outside their axis are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import moved, require_indices, require_room, require_type, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "FLOAT32")}
INDEX_TYPES = {LITERT: ("INT16", "INT32", "INT64"), XNNPACK: ("INT16", "INT32", "INT64"), TFLM: ("INT32",)}
SPEC = Spec(
    "GATHER_ND",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/gather_nd.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/gather_nd.cc",
)

# Axes that the indices may address.
MOST_ADDRESSED = {LITERT: 8, XNNPACK: 8, TFLM: 5}


@dataclass(frozen=True, eq=False)
class Params:
    """addressed: how many axes of x an index has."""

    node: Node
    addressed: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axes. Raises Unsupported for types, ranks, more indices than axes, constant indices outside."""
    x = moved(node, profile, TYPES)
    indices = require_type(node, 1, *INDEX_TYPES[profile])
    if not x.shape or not indices.shape or indices.shape[-1] > min(len(x.shape), MOST_ADDRESSED[profile]):
        raise node.unsupported(f"indices of shape {list(indices.shape)} do not address shape {list(x.shape)}")
    addressed = indices.shape[-1]
    require_room(node, [*indices.shape[:-1], *x.shape[addressed:]])
    if indices.data is not None:
        require_indices(node, indices.data, np.asarray(x.shape[:addressed]))
    return Params(node, addressed)


def stacks(node: Node) -> bool:
    """Samples may be stacked where they pick from a constant."""
    indices = given(node, 1)
    return given(node).data is not None and indices.data is None and len(indices.shape) > 1 and indices.shape[0] == 1


def evaluate(params: Params, x, indices) -> np.ndarray:
    """x, indices: [..., addressed] -> [..., x's axes that are not addressed]."""
    require_indices(params.node, indices, np.asarray(x.shape[: params.addressed]))
    if not params.addressed:
        return np.broadcast_to(x, (*indices.shape[:-1], *x.shape)).copy()
    return np.asarray(x[tuple(np.moveaxis(indices, -1, 0))])
