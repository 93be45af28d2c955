"""UNIQUE: the different values of a vector in the order of their first appearance, and which of them each one is.

Stored values are compared, scales not looked at. How many there are shows when it runs. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import INDICES, moved, require_output, types_of, value_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec("UNIQUE", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/unique.cc")


@dataclass(frozen=True, eq=False)
class Params:
    """values: the different ones. indices: of each element."""

    values: np.ndarray
    indices: np.ndarray


def prepare(node: Node, profile: Profile) -> Params:
    """The values and indices. Raises Unsupported for types and for an input that is no vector."""
    shape = moved(node, profile, TYPES, outputs=1).shape
    dtype = require_output(node, 1, *INDICES).dtype
    if len(shape) != 1:
        raise node.unsupported(f"the input must have one axis, received shape {list(shape)}")
    x = value_of(node, 0, "the input")
    _, first, indices = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return Params(x[first[order]], np.argsort(order)[indices.reshape(-1)].astype(dtype))


def evaluate(params: Params, x) -> tuple[np.ndarray, np.ndarray]:
    """x: [n] -> (values [different ones], indices [n])."""
    return params.values, params.indices
