"""SLICE: of each axis the `size` cells from `begin` on, -1 for all that follow. Stored values are copied.

xnnpack refuses to load unless 8-bit input and output share scale and zero point, if every size is above 0; litert and
tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, operand, pinned, same_grid_if_delegated, types_of

TYPES = {
    LITERT: (*COPIED, "INT4"),
    XNNPACK: (*COPIED, "INT4"),
    TFLM: ("INT8", "INT16", "INT32", "BOOL", "FLOAT32"),
}
SPEC = Spec(
    "SLICE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/slice.cc; google/XNNPACK src/subgraph/static-slice.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/slice.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 5}


def _any_grids(node: Node) -> None:
    pass


def _same_grids(node: Node) -> None:
    if pinned(node, 1, 2) and min(operand(node, 2, "the sizes"), default=1) > 0:
        same_grid_if_delegated(node, given(node), node.outputs[0])


CHECK_GRIDS = {LITERT: _any_grids, XNNPACK: _same_grids, TFLM: _any_grids}


@dataclass(frozen=True, eq=False)
class Params:
    """block: a slice of each axis."""

    block: tuple[slice, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The block. Raises Unsupported for types, ranks, what lies outside the input, and differing scales."""
    moved(node, profile, TYPES)
    require_rank(node, LARGEST_RANK[profile])
    block = _block(node)
    CHECK_GRIDS[profile](node)
    if stacks(node):
        block = (slice(None), *block[1:])
    return Params(block)


def _block(node: Node) -> tuple[slice, ...]:
    shape = given(node).shape
    begin = operand(node, 1, "the beginnings", len(shape))
    sizes = operand(node, 2, "the sizes", len(shape))
    sizes = [total - b if size == -1 else size for total, b, size in zip(shape, begin, sizes, strict=True)]
    if any(b < 0 or size < 0 or b + size > total for total, b, size in zip(shape, begin, sizes, strict=True)):
        raise node.unsupported(f"beginnings {begin} and sizes {sizes} must lie inside shape {list(shape)}")
    return tuple(slice(b, b + size) for b, size in zip(begin, sizes, strict=True))


def stacks(node: Node) -> bool:
    """Samples may be stacked where their axis is kept."""
    return rows_apart(node) and _block(node)[0] == slice(0, 1)


def evaluate(params: Params, x, begin=None, size=None) -> np.ndarray:
    """x -> a block of it."""
    return np.asarray(x[params.block], order="C")
