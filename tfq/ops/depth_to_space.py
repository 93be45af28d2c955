"""DEPTH_TO_SPACE: channels become blocks of pixels. Stored values are copied.

xnnpack refuses to load unless 8-bit input and output share scale and zero point; litert and tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import any_parameters, moved, same_grid_if_delegated, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: (*_LITERT_TYPES, "FLOAT16"), TFLM: ("INT8", "FLOAT32")}
SPEC = Spec(
    "DEPTH_TO_SPACE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/depth_to_space.cc; google/XNNPACK src/subgraph/depth-to-space-2d.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/depth_to_space.cc",
)

CHECK_GRIDS = {LITERT: any_parameters, XNNPACK: same_grid_if_delegated, TFLM: any_parameters}
stacks = rows_apart


@dataclass(frozen=True)
class Params:
    """block: pixels along each side of a block."""

    block: int


def prepare(node: Node, profile: Profile) -> Params:
    """The block. Raises Unsupported for types, channels that blocks do not take up, and differing scales."""
    x = moved(node, profile, TYPES)
    block = int(node.options.get("block_size", 0))
    if len(x.shape) != 4 or block < 1 or x.shape[3] % (block * block):
        raise node.unsupported(f"blocks of {block} by {block} do not take up the channels of {list(x.shape)}")
    if block > 1:
        CHECK_GRIDS[profile](node, x, node.outputs[0])
    elif x.type not in TYPES[LITERT]:
        raise node.unsupported(f"blocks of 1 take {', '.join(TYPES[LITERT])}, received {x.type}")
    return Params(block)


def evaluate(params: Params, x) -> np.ndarray:
    """x: [N, H, W, C] -> [N, H * block, W * block, C / block / block]."""
    n, h, w, c = x.shape
    b = params.block
    blocks = x.reshape(n, h, w, b, b, c // (b * b)).transpose(0, 1, 3, 2, 4, 5)
    return np.asarray(blocks, order="C").reshape(n, h * b, w * b, c // (b * b))
