"""REVERSE_SEQUENCE: of each slice of axis `batch_dim` the first cells along `seq_dim`, back to front; the rest stays.

Stored values are copied, scales not looked at. Lengths of 0 or less change nothing; longer ones than the axis are
refused (LiteRT looks at the first only and writes past its buffer for others). tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import INDICES, moved, require_type, types_of

_LITERT_TYPES = ("UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ()}
SPEC = Spec("REVERSE_SEQUENCE", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/reverse_sequence.cc")


@dataclass(frozen=True, eq=False)
class Params:
    """seq_dim, batch_dim: axes."""

    node: Node
    seq_dim: int
    batch_dim: int


def prepare(node: Node, profile: Profile) -> Params:
    """The axes. Raises Unsupported for types, axes out of range and another number of lengths than slices."""
    shape = moved(node, profile, TYPES).shape
    lengths = require_type(node, 1, *INDICES)
    seq_dim, batch_dim = int(node.options.get("seq_dim", 0)), int(node.options.get("batch_dim", 0))
    if not (0 <= seq_dim < len(shape) and 0 <= batch_dim < len(shape)) or seq_dim == batch_dim:
        raise node.unsupported(f"seq_dim {seq_dim} and batch_dim {batch_dim} must be two axes of shape {list(shape)}")
    if lengths.shape != (shape[batch_dim],):
        raise node.unsupported(f"{shape[batch_dim]} lengths are needed, received shape {list(lengths.shape)}")
    return Params(node, seq_dim, batch_dim)


def evaluate(params: Params, x, lengths) -> np.ndarray:
    """x, lengths: [size of batch_dim] -> x's shape."""
    size = x.shape[params.seq_dim]
    if (lengths > size).any():
        raise params.node.unsupported(f"lengths must be {size} or less, received {lengths.max()}")
    cells = np.arange(size)
    # [slices, size]: where each cell comes from.
    source = np.where(cells < lengths[:, None], lengths[:, None] - 1 - cells, cells)
    shape = [1] * x.ndim
    shape[params.batch_dim], shape[params.seq_dim] = source.shape
    source = source if params.batch_dim < params.seq_dim else source.T
    return np.take_along_axis(x, source.reshape(shape), params.seq_dim)
