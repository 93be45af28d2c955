"""SCATTER_ND: zeros, to whose slices at the given indices updates are added one after the other.

Integers wrap, float32 is rounded at each addition, and booleans are or-ed. Scales are not looked at. Indices outside
are refused. tflm has no such op.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import moved, operand, require_indices, require_room, require_type

_LITERT_TYPES = ("INT8", "UINT8", "INT32", "INT64", "BOOL", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec(
    "SCATTER_ND",
    ("INT32",),
    "google-ai-edge/LiteRT tflite/kernels/scatter_nd.cc, internal/reference/reference_ops.h ScatterNd",
)


@dataclass(frozen=True, eq=False)
class Params:
    """shape: of the output."""

    node: Node
    shape: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The output's shape. Raises Unsupported for types and shapes that do not fit each other."""
    updates = moved(node, profile, TYPES, 1)
    indices = require_type(node, 0, "INT32")
    require_type(node, 2, "INT32")
    shape = operand(node, 2, "the shape")
    require_room(node, shape)
    if not indices.shape or indices.shape[-1] > len(shape):
        raise node.unsupported(f"indices of shape {list(indices.shape)} do not address shape {shape}")
    expected = (*indices.shape[:-1], *shape[indices.shape[-1] :])
    if updates.shape != expected or not expected:
        raise node.unsupported(f"updates of shape {list(expected)} are needed, received {list(updates.shape)}")
    return Params(node, tuple(shape))


def evaluate(params: Params, indices, updates, shape=None) -> np.ndarray:
    """indices: [..., addressed], updates: [..., rest] -> the shape given."""
    addressed = indices.shape[-1]
    outer = np.asarray(params.shape[:addressed], np.int64)
    require_indices(params.node, indices, outer)
    y = np.zeros((math.prod(params.shape[:addressed]), math.prod(params.shape[addressed:])), updates.dtype)
    steps = np.asarray([math.prod(outer[axis + 1 :].tolist()) for axis in range(addressed)], np.int64)
    rows = (indices.astype(np.int64) @ steps).reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.at(y, rows, updates.reshape(rows.size, -1))
    return y.reshape(params.shape)
