"""NON_MAX_SUPPRESSION_V4: boxes chosen by score, without those that overlap them too much. See suppression.py."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import suppression
from tfq.ops.contract import Node, Spec
from tfq.ops.suppression import Params

SPEC = Spec("NON_MAX_SUPPRESSION_V4", ("FLOAT32",), suppression.SOURCE)


def prepare(node: Node, profile: Profile) -> Params:
    """The outputs' size. Raises Unsupported for types and shapes."""
    return suppression.prepare(node, profile, 5, False)


def evaluate(params: Params, boxes, scores, size, overlap, least) -> tuple[np.ndarray, np.ndarray]:
    """boxes: [n, 4], scores: [n] -> (indices [size], then 0; how many there are [])."""
    chosen = suppression.choose(boxes, scores, params.size, overlap.reshape(()), least.reshape(()), 0.0)
    indices = np.zeros(params.size, np.int32)
    indices[: len(chosen)] = [candidate.box for candidate in chosen]
    return indices, np.asarray(len(chosen), np.int32)
