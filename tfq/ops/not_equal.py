"""NOT_EQUAL: y = a != b, on reals for int8, uint8 and int16, else on stored numbers. See comparison.

LiteRT's kernel does nothing on int16 without scales: refused.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import comparison
from tfq.ops.binary import Params, evaluate
from tfq.ops.contract import Node, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = comparison.spec("NOT_EQUAL", comparison.EQUATED)

stacks = rows_apart


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the comparison. Raises Unsupported for types, shapes and scales that the kernel does not take."""
    return comparison.prepare(node, profile, comparison.EQUATED, np.not_equal, ("INT8", "UINT8", "INT16"))
