"""MATRIX_DIAG: vectors become diagonals of matrices of stored zeros. Scales are not looked at. tflm has no such op.

For types that are not listed here the kernel runs as if they were float32 and overruns its buffers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import moved, require_room, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec("MATRIX_DIAG", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/matrix_diag.cc")

stacks = rows_apart


@dataclass(frozen=True)
class Params:
    """Nothing: the input's shape and type decide."""


def prepare(node: Node, profile: Profile) -> Params:
    """Nothing. Raises Unsupported for types and for an input without axes."""
    shape = moved(node, profile, TYPES).shape
    if not shape:
        raise node.unsupported("the input must have an axis, received a scalar")
    require_room(node, [*shape, shape[-1]])
    return Params()


def evaluate(params: Params, x) -> np.ndarray:
    """x: [..., n] -> [..., n, n]."""
    y = np.zeros((*x.shape, x.shape[-1]), x.dtype)
    cells = np.arange(x.shape[-1])
    y[..., cells, cells] = x
    return y
