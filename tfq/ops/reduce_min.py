"""REDUCE_MIN along axes: the smallest of the stored numbers as they are. See reduce_max.py."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.reduce import stacks
from tfq.ops.reduce_max import SPEC as REDUCE_MAX
from tfq.ops.reduce_max import Params, evaluate, prepare_extremes

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec("REDUCE_MIN", REDUCE_MAX.types, REDUCE_MAX.source)


def prepare(node: Node, profile: Profile) -> Params:
    """The reduction. Raises Unsupported for types, axes, and grids that the runtime refuses."""
    return prepare_extremes(node, profile, SPEC, np.min)
