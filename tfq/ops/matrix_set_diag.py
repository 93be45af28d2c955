"""MATRIX_SET_DIAG: matrices with other diagonals. Stored values are copied, scales not looked at. tflm has no such op.

For types that are not listed here the kernel runs as if they were float32 and overruns its buffers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.matrix_diag import TYPES
from tfq.ops.movement import moved, require_type, types_of

SPEC = Spec("MATRIX_SET_DIAG", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/matrix_set_diag.cc")


@dataclass(frozen=True)
class Params:
    """Nothing: the inputs' shapes and types decide."""


def prepare(node: Node, profile: Profile) -> Params:
    """Nothing. Raises Unsupported for types, and for diagonals of another size than the matrices have."""
    x = moved(node, profile, TYPES)
    diagonal = require_type(node, 1, x.type)
    if len(x.shape) < 2 or diagonal.shape != (*x.shape[:-2], min(x.shape[-2:])):
        raise node.unsupported(f"matrices {list(x.shape)} have no diagonals of shape {list(diagonal.shape)}")
    return Params()


def evaluate(params: Params, x, diagonal) -> np.ndarray:
    """x: [..., rows, columns], diagonal: [..., the smaller of them] -> x's shape."""
    y = x.copy()
    cells = np.arange(min(x.shape[-2:]))
    y[..., cells, cells] = diagonal
    return y
