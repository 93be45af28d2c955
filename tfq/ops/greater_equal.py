"""GREATER_EQUAL: y = a >= b, on reals for int8 and uint8, on stored numbers for others, int16 too. See comparison."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import comparison
from tfq.ops.binary import Params, evaluate
from tfq.ops.contract import Node, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = comparison.spec("GREATER_EQUAL", comparison.ORDERED)

stacks = rows_apart


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the comparison. Raises Unsupported for types, shapes and scales that the kernel does not take."""
    return comparison.prepare(node, profile, comparison.ORDERED, np.greater_equal, ("INT8", "UINT8"))
