"""PAD: a constant border that stands for real 0, the output's zero point. Stored integers are copied in every profile.

xnnpack refuses to load unless input and output share scale and zero point; litert and tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import XNNPACK_RANK, any_grid, constant, given, grid_of, require_rank, same_grid
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "PAD",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/pad.cc; google/XNNPACK src/subgraph/static-constant-pad.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/pad_common.cc",
)

LARGEST_RANK = {LITERT: 5, XNNPACK: XNNPACK_RANK, TFLM: 5}
CHECK_GRIDS = {LITERT: any_grid, XNNPACK: same_grid, TFLM: any_grid}


@dataclass(frozen=True, eq=False)
class Params:
    """paddings: (before, after) of each axis. value: the border's stored integer."""

    paddings: tuple[tuple[int, int], ...]
    value: int


def prepare(node: Node, profile: Profile) -> Params:
    """Border of the node. Raises Unsupported for types, paddings that are not constant, and differing scales."""
    node.require_types(SPEC)
    x, y = given(node), node.outputs[0]
    require_rank(node, LARGEST_RANK[profile])
    CHECK_GRIDS[profile](node, x, y)
    flat = constant(node, 1, "the paddings")
    if flat.size != 2 * len(x.shape) or flat.min(initial=0) < 0:
        raise node.unsupported(f"paddings must be {len(x.shape)} pairs of 0 or more, received {flat.tolist()}")
    pairs = tuple((int(before), int(after)) for before, after in flat.reshape(-1, 2))
    return Params(pairs, int(grid_of(node, y).zero_point))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the border runs around them."""
    return rows_apart(node) and not constant(node, 1, "the paddings")[:2].any()


def evaluate(params: Params, x, paddings=None) -> np.ndarray:
    """x: int8 -> int8, each axis longer by its two paddings."""
    sizes = [size + before + after for size, (before, after) in zip(x.shape, params.paddings, strict=True)]
    y = np.full(sizes, params.value, x.dtype)
    y[tuple(slice(before, before + size) for size, (before, _) in zip(x.shape, params.paddings, strict=True))] = x
    return y
