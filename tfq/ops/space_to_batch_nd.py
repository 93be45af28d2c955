"""SPACE_TO_BATCH_ND: pads an image and deals its pixels out to as many images as a block has pixels.

Image k holds pixel k of each block. The border stands for real 0: the output's zero point, 0 without scale. Stored
values are copied. LiteRT wants 8- and 16-bit input and output on one scale and zero point; tflm does not look.

tflm takes no border: its kernel fills it from SpaceToBatchParams.output_offset, which nothing has set, so that the
values are those of memory that was never written (measured: they change from model to model).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import (
    COPIED,
    any_parameters,
    moved,
    operand,
    pairs,
    parameters,
    require_room,
    same_parameters_in_8_or_16_bits,
    types_of,
)
from tfq.ops.pad import bordered

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ("INT8", "FLOAT32")}
SPEC = Spec(
    "SPACE_TO_BATCH_ND",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/space_to_batch_nd.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/space_to_batch_nd.cc",
)

CHECK_GRIDS = {
    LITERT: same_parameters_in_8_or_16_bits,
    XNNPACK: same_parameters_in_8_or_16_bits,
    TFLM: any_parameters,
}
# Whether the border's value is defined.
WITH_BORDER = {LITERT: True, XNNPACK: True, TFLM: False}


@dataclass(frozen=True)
class Params:
    """block: its size along each spatial axis. paddings: (before, after) of each axis. value: of the border."""

    block: tuple[int, ...]
    paddings: tuple[tuple[int, int], ...]
    value: int


def prepare(node: Node, profile: Profile) -> Params:
    """Block and border. Raises Unsupported for types, ranks, an image that blocks do not fill, differing scales."""
    x, y = moved(node, profile, TYPES), node.outputs[0]
    CHECK_GRIDS[profile](node, x, y)
    block = block_of(node, x.shape)
    border = pairs(node, 2, "the paddings", len(block))
    if not WITH_BORDER[profile] and any(map(any, border)):
        raise node.unsupported(
            f"{profile.name} fills the border {border} with memory it never wrote; put a PAD before it"
        )
    sizes = [size + before + after for size, (before, after) in zip(x.shape[1:-1], border, strict=True)]
    require_room(node, [x.shape[0], *sizes, x.shape[-1]])
    if any(size % b for size, b in zip(sizes, block, strict=True)):
        raise node.unsupported(f"blocks of {list(block)} do not fill an image of {sizes}")
    value = parameters(y)[1] if x.type in ("INT8", "UINT8", "INT16") else 0
    return Params(block, ((0, 0), *border, (0, 0)), value)


def block_of(node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The block's size along each axis between the first and the last. Raises Unsupported for ranks but 3 and 4."""
    if len(shape) not in (3, 4):
        raise node.unsupported(f"the input must have 3 or 4 axes, received shape {list(shape)}")
    block = tuple(operand(node, 1, "the block", len(shape) - 2))
    if min(block) < 1:
        raise node.unsupported(f"a block's sizes must be 1 or more, received {list(block)}")
    return block


def evaluate(params: Params, x, block=None, paddings=None) -> np.ndarray:
    """x: [N, H, W, C] or [N, H, C] -> [N * pixels of a block, H / block, W / block, C]."""
    x = bordered(x, params.paddings, params.value)
    shape, axes, pixels = [x.shape[0]], [], []
    for size, b in zip(x.shape[1:-1], params.block, strict=True):
        axes.append(len(shape))
        pixels.append(len(shape) + 1)
        shape += [size // b, b]
    dealt = x.reshape(*shape, x.shape[-1]).transpose(*pixels, 0, *axes, len(shape))
    return np.asarray(dealt, order="C").reshape(-1, *(shape[axis] for axis in axes), x.shape[-1])
