"""TOPK_V2: the k largest values of the last axis, largest first, and where they are; of equal ones the first first.

Stored values are compared and copied, scales not looked at. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import moved, one_value, require_output, require_type, types_of, value_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec("TOPK_V2", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/topk_v2.cc")


@dataclass(frozen=True, eq=False)
class Params:
    """k: how many. indices: their type."""

    k: int
    indices: np.dtype


def prepare(node: Node, profile: Profile) -> Params:
    """k. Raises Unsupported for types, k beyond the axis, an axis too long for the type of the indices."""
    x = moved(node, profile, TYPES, outputs=1)
    require_type(node, 1, "INT16", "INT32")
    indices = require_output(node, 1, "INT16", "INT32").dtype
    one_value(node, 1)
    k = max(0, int(value_of(node, 1, "k").reshape(())))
    if not x.shape or k > x.shape[-1]:
        raise node.unsupported(f"the {k} largest of an axis are wanted, received shape {list(x.shape)}")
    if k and x.shape[-1] > np.iinfo(indices).max:
        raise node.unsupported(f"an axis of {x.shape[-1]} is too long for indices of {indices}")
    return Params(k, indices)


def stacks(node: Node) -> bool:
    """Samples may be stacked unless they are what is compared."""
    x = given(node)
    return x.data is None and len(x.shape) > 1 and x.shape[0] == 1 and given(node, 1).data is not None


def evaluate(params: Params, x, k=None) -> tuple[np.ndarray, np.ndarray]:
    """x: [..., n] -> (values [..., k], indices [..., k])."""
    # The order of ~x is that of -x, which overflows for the lowest integer. NaN sorts behind all numbers.
    keys = ~x if x.dtype.kind in "iu" else -x
    order = np.argsort(keys, axis=-1, kind="stable")[..., : params.k]
    return np.take_along_axis(x, order, -1), order.astype(params.indices)
