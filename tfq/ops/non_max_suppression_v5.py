"""NON_MAX_SUPPRESSION_V5: as V4, with scores that overlaps lower (sigma), and the scores as an output.

See suppression.py.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import suppression
from tfq.ops.contract import Node, Spec
from tfq.ops.suppression import Params

SPEC = Spec("NON_MAX_SUPPRESSION_V5", ("FLOAT32",), suppression.SOURCE)


def prepare(node: Node, profile: Profile) -> Params:
    """The outputs' size. Raises Unsupported for types and shapes."""
    return suppression.prepare(node, profile, 6, True)


def evaluate(params: Params, boxes, scores, size, overlap, least, sigma) -> tuple[np.ndarray, ...]:
    """boxes: [n, 4], scores: [n] -> (indices [size], their scores [size], both then 0; how many there are [])."""
    if not sigma >= 0:
        raise params.node.unsupported(f"sigma must be 0 or more, received {sigma}")
    chosen = suppression.choose(boxes, scores, params.size, overlap.reshape(()), least.reshape(()), float(sigma))
    indices, left = np.zeros(params.size, np.int32), np.zeros(params.size, np.float32)
    indices[: len(chosen)] = [candidate.box for candidate in chosen]
    left[: len(chosen)] = [candidate.score for candidate in chosen]
    return indices, left, np.asarray(len(chosen), np.int32)
