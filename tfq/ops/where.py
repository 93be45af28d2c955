"""WHERE: the positions of the cells that are not 0, row by row: int64 [cells, axes]. tflm has no such op.

How many there are shows when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import require_output, taken_type, types_of, value_of

_LITERT_TYPES = ("INT8", "UINT8", "INT32", "UINT32", "INT64", "BOOL", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec("WHERE", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/where.cc")


@dataclass(frozen=True, eq=False)
class Params:
    """positions: int64 [cells, axes]."""

    positions: np.ndarray


def prepare(node: Node, profile: Profile) -> Params:
    """The positions. Raises Unsupported for types and for a condition without axes."""
    condition = taken_type(node, profile, TYPES)
    require_output(node, 0, "INT64")
    if not condition.shape:
        raise node.unsupported("the condition must have axes, received a scalar")
    return Params(np.argwhere(value_of(node, 0, "the condition")).astype(np.int64))


def evaluate(params: Params, condition) -> np.ndarray:
    """condition -> int64 [cells, axes]."""
    return params.positions
