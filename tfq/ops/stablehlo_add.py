"""STABLEHLO_ADD: y = a + b, on stored numbers. See stablehlo_elementwise."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import stablehlo_elementwise
from tfq.ops.binary import Params, evaluate
from tfq.ops.contract import Node, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = stablehlo_elementwise.spec("STABLEHLO_ADD")

stacks = rows_apart


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types that the profile's kernel does not take, and for unlike shapes."""
    return stablehlo_elementwise.prepare(node, profile, np.add)
