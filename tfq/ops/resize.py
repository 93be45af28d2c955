"""What RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR share: their operand and where outputs lie in the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.ops.checks import given
from tfq.ops.contract import Node
from tfq.ops.movement import operand, require_room, require_type


@dataclass(frozen=True)
class Grid:
    """size: (height, width) of the output. corners: align_corners. centers: half_pixel_centers."""

    size: tuple[int, int]
    corners: bool
    centers: bool


def grid_of(node: Node) -> Grid:
    """The output's grid. Raises Unsupported for inputs that are not [N, H, W, C] or are empty, or sizes below 1."""
    shape = given(node).shape
    if len(shape) != 4 or 0 in shape[1:]:
        raise node.unsupported(f"the input must be [N, H, W, C], received shape {list(shape)}")
    require_type(node, 1, "INT32")
    height, width = operand(node, 1, "the size", 2)
    if height < 1 or width < 1:
        raise node.unsupported(f"the output's size must be 1 or more, received {height} x {width}")
    require_room(node, [shape[0], height, width, shape[3]])
    return Grid((height, width), bool(node.options.get("align_corners")), bool(node.options.get("half_pixel_centers")))


def scale(size: int, out: int, grid: Grid) -> np.float32:
    """Input cells per output cell, a float32 quotient."""
    if grid.corners and out > 1:
        return np.float32(size - 1) / np.float32(out - 1)
    return np.float32(size) / np.float32(out)
