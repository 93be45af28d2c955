"""AVERAGE_POOL_2D: y = clamp(sum / n), halves away from zero, over the stored integers of the n cells inside the image.

    y = (sum + n // 2) / n  for sum > 0,  (sum - n // 2) / n  otherwise, divisions truncating

Nothing is rescaled. All profiles agree: XNNPACK does not take integers, LiteRT's own kernel runs there too. tflm
refuses unless input and output share scale and zero point; the others do not look.

float32: the sum of the window in index order, then a division by n; XNNPACK multiplies by 1 / n (float-close).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.geometry import Window
from tfq.numerics.profiles import BUILT_IN, LITERT, TFLM, XNNPACK, Profile, activation_bounds
from tfq.ops import plain, unary
from tfq.ops.checks import any_grid, grid_of, nearly_same_grid
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.pooling import cell_counts, pool_window, slide, sum_in_order

SPEC = Spec(
    "AVERAGE_POOL_2D",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/pooling.h, internal/reference/pooling.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/pooling_common.cc",
)

stacks = rows_apart
TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}

CHECK_GRIDS = {LITERT: any_grid, XNNPACK: any_grid, TFLM: nearly_same_grid}


def bounds(xp, profile: Profile, out: Affine, activation: str) -> tuple[Any, Any]:
    """(lowest, highest) stored integer that the fused activation lets through."""
    return activation_bounds(xp, BUILT_IN[profile], activation, out)


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
    """bounds: of the fused activation; None for no bound of floats."""

    window: Window
    bounds: tuple[Any, Any]


def prepare(node: Node, profile: Profile) -> Params:
    """Window and bounds. Raises Unsupported for types, shapes and, in tflm, differing scales."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    window = pool_window(node)
    if x.type == "FLOAT32":
        return Params(window, plain.bounds(node, profile))
    CHECK_GRIDS[profile](node, x, y)
    activation = node.options.get("fused_activation_function", "NONE")
    return Params(window, bounds(arrays, profile, grid_of(node, y), activation))


def evaluate(params: Params, x) -> np.ndarray:
    """x: [N, H, W, C] -> [N, OH, OW, C] of the same type."""
    counts = cell_counts(params.window, x.shape[1], x.shape[2])
    if x.dtype.kind == "f":
        with np.errstate(all="ignore"):
            return plain.clamp(sum_in_order(x, params.window) / counts.astype(x.dtype), *params.bounds)
    total = slide(np.add, x.astype(np.int32), params.window, 0)
    return integers(arrays, total, counts, params.bounds).astype(x.dtype)
