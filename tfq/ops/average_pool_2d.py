"""AVERAGE_POOL_2D: y = clamp(sum / n), halves away from zero, over the stored integers of the n cells inside the image.

    y = (sum + n // 2) / n  for sum > 0,  (sum - n // 2) / n  otherwise, divisions truncating

Nothing is rescaled. All profiles agree: XNNPACK does not take it in 8 bits, LiteRT's own kernel runs there too. tflm
refuses unless input and output share scale and zero point; the others do not look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.geometry import Window
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, activation_bounds
from tfq.ops.checks import any_grid, grid_of, nearly_same_grid
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.pooling import cell_counts, pool_window, slide

SPEC = Spec(
    "AVERAGE_POOL_2D",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/pooling.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/pooling_common.cc",
)

stacks = rows_apart

# Whose kernel runs, hence whose rounding of the activation's bounds.
KERNEL = {LITERT: LITERT, XNNPACK: LITERT, TFLM: TFLM}
CHECK_GRIDS = {LITERT: any_grid, XNNPACK: any_grid, TFLM: nearly_same_grid}


def bounds(xp, profile: Profile, out: Affine, activation: str) -> tuple[Any, Any]:
    """(lowest, highest) stored integer that the fused activation lets through."""
    return activation_bounds(xp, KERNEL[profile], activation, out)


def integers(xp, total, count, bounds):
    """Stored integers of the average, float32.

    Args: total: sums of stored integers, whole numbers [N, OH, OW, C]. count: int array, broadcasts against total.
    """
    total = xp.cast(total, "int32")
    count = xp.asarray(count, "int32")
    size = xp.floor_divide(xp.abs(total) + count // 2, count)
    return xp.clip(xp.cast(xp.where(total > 0, size, -size), "float32"), *bounds)


@dataclass(frozen=True, eq=False)
class Params:
    """bounds: of the fused activation."""

    window: Window
    bounds: tuple[Any, Any]


def prepare(node: Node, profile: Profile) -> Params:
    """Window and bounds. Raises Unsupported for types, shapes and, in tflm, differing scales."""
    node.require_types(SPEC)
    CHECK_GRIDS[profile](node, node.input(0), node.outputs[0])
    activation = node.options.get("fused_activation_function", "NONE")
    return Params(pool_window(node), bounds(arrays, profile, grid_of(node, node.outputs[0]), activation))


def evaluate(params: Params, x) -> np.ndarray:
    """x: int8 [N, H, W, C] -> int8 [N, OH, OW, C]."""
    total = slide(np.add, x.astype(np.int32), params.window, 0)
    counts = cell_counts(params.window, x.shape[1], x.shape[2])
    return integers(arrays, total, counts, params.bounds).astype(np.int8)
