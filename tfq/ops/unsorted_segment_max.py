"""UNSORTED_SEGMENT_MAX: largest values of slices with the same segment, cell by cell. See unsorted_segment.py."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.unsorted_segment import SOURCE, TYPES_TAKEN, Params, evaluate, lowest, prepare_step

__all__ = ["SPEC", "Params", "evaluate", "prepare"]

SPEC = Spec("UNSORTED_SEGMENT_MAX", TYPES_TAKEN, SOURCE)


def prepare(node: Node, profile: Profile) -> Params:
    """The number of segments. Raises Unsupported for types and shapes that do not fit."""
    return prepare_step(node, profile, np.maximum, lowest(given(node).dtype))
