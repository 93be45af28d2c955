"""EQUAL: y = a == b, on reals for int8, uint8 and int16 with scales, else on stored numbers. See comparison."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import comparison
from tfq.ops.binary import Params, evaluate
from tfq.ops.contract import Node, rows_apart
from tfq.ops.plain import is_unscaled_int16

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = comparison.spec("EQUAL", comparison.EQUATED)

stacks = rows_apart


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the comparison. Raises Unsupported for types, shapes and scales that the kernel does not take."""
    scaled = ("INT8", "UINT8") if is_unscaled_int16(node) else ("INT8", "UINT8", "INT16")
    return comparison.prepare(node, profile, comparison.EQUATED, np.equal, scaled)
