"""BATCH_TO_SPACE_ND: puts the pixels of as many images together as a block has pixels, and crops the result.

Image k holds pixel k of each block. Stored values are copied. LiteRT wants 8- and 16-bit input and output on one scale
and zero point; tflm does not look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, any_parameters, moved, pairs, same_parameters_in_8_or_16_bits, types_of
from tfq.ops.space_to_batch_nd import block_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ("INT8", "FLOAT32")}
SPEC = Spec(
    "BATCH_TO_SPACE_ND",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/batch_to_space_nd.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/batch_to_space_nd.cc",
)

CHECK_GRIDS = {
    LITERT: same_parameters_in_8_or_16_bits,
    XNNPACK: same_parameters_in_8_or_16_bits,
    TFLM: any_parameters,
}


@dataclass(frozen=True)
class Params:
    """block: its size along each spatial axis. kept: the slice of each spatial axis that the crops leave."""

    block: tuple[int, ...]
    kept: tuple[slice, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """Block and crops. Raises Unsupported for types, ranks, a batch that blocks do not take up, differing scales."""
    x = moved(node, profile, TYPES)
    CHECK_GRIDS[profile](node, x, node.outputs[0])
    block = block_of(node, x.shape)
    crops = pairs(node, 2, "the crops", len(block))
    sizes = [size * b for size, b in zip(x.shape[1:-1], block, strict=True)]
    if x.shape[0] % math.prod(block):
        raise node.unsupported(f"blocks of {list(block)} do not take up a batch of {x.shape[0]}")
    if any(before + after > size for size, (before, after) in zip(sizes, crops, strict=True)):
        raise node.unsupported(f"crops {crops} leave nothing of an image of {sizes}")
    kept = tuple(slice(before, size - after) for size, (before, after) in zip(sizes, crops, strict=True))
    return Params(block, kept)


def evaluate(params: Params, x, block=None, crops=None) -> np.ndarray:
    """x: [N * pixels of a block, H, W, C] or [N * pixels, H, C] -> [N, H * block, W * block, C], cropped."""
    n = len(params.block)
    pixels = x.reshape(*params.block, -1, *x.shape[1:])
    order = [n, *(axis for i in range(n) for axis in (n + 1 + i, i)), 2 * n + 1]
    sizes = [size * b for size, b in zip(x.shape[1:-1], params.block, strict=True)]
    image = pixels.transpose(order).reshape(-1, *sizes, x.shape[-1])
    return np.asarray(image[(slice(None), *params.kept)], order="C")
