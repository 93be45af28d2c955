"""MINIMUM: y = a < b ? a : b on stored numbers; scales and zero points are not looked at, as in MAXIMUM."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.binary import Params, direct, evaluate, require_types
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.maximum import SPEC as MAXIMUM
from tfq.ops.maximum import TYPES

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec("MINIMUM", MAXIMUM.types, MAXIMUM.source)

stacks = rows_apart


def smaller(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smaller of each pair."""
    return np.where(a < b, a, b)


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for types and shapes that the profile's kernel does not take."""
    require_types(node, profile, TYPES)
    return direct(node, smaller)
