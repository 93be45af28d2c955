"""BITCAST: the same bytes as values of another type.

A smaller type adds an axis for the parts of each value, a larger one takes the last axis as the parts of its values.
tflm has no such op. Not into booleans: most bytes are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, require_output, taken_type, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ()}
OUTPUT_TYPES = tuple(name for name in COPIED if name != "BOOL")
SPEC = Spec("BITCAST", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/bitcast.cc")

stacks = rows_apart


@dataclass(frozen=True, eq=False)
class Params:
    """dtype: of the output. shape: of one value's parts, () for one; None where the last axis holds the parts."""

    dtype: np.dtype
    parts: tuple[int, ...] | None


def prepare(node: Node, profile: Profile) -> Params:
    """The type and shape. Raises Unsupported for types, and for a last axis that is not the parts of one value."""
    x, y = taken_type(node, profile, TYPES), require_output(node, 0, *OUTPUT_TYPES)
    before, after = x.dtype.itemsize, y.dtype.itemsize
    if before >= after:
        return Params(y.dtype, (before // after,) if before > after else ())
    if not x.shape or x.shape[-1] != after // before:
        raise node.unsupported(f"the last axis of {list(x.shape)} must hold the {after // before} parts of a {y.type}")
    return Params(y.dtype, None)


def evaluate(params: Params, x) -> np.ndarray:
    """x -> its bytes in another type."""
    shape = x.shape[:-1] if params.parts is None else (*x.shape, *params.parts)
    return np.asarray(x, order="C").reshape(-1).view(params.dtype).reshape(shape)
