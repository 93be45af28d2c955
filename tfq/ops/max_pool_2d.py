"""MAX_POOL_2D: y = clamp(max of the stored integers of the window's cells inside the image). Nothing is rescaled.

xnnpack refuses to load unless input and output share scale and zero point, and so does tflm (up to 1e-6); litert does
not look. xnnpack leaves windows with a stride beyond the kernel, or 1x1 with a stride, to LiteRT's kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.geometry import Window
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, activation_bounds
from tfq.ops.checks import any_grid, grid_of, nearly_same_grid, same_grid
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.pooling import pool_window, slide

SPEC = Spec(
    "MAX_POOL_2D",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/pooling.h; "
    "google/XNNPACK src/subgraph/max-pooling-2d.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/pooling_common.cc",
)

stacks = rows_apart


def _built_in(profile: Profile, window: Window) -> Profile:
    return profile


def _delegated(profile: Profile, window: Window) -> Profile:
    pairs = list(zip(window.stride, window.kernel, strict=True))
    strided_point = window.kernel == (1, 1) and window.stride != (1, 1)
    return LITERT if strided_point or any(stride > kernel for stride, kernel in pairs) else profile


# Whose kernel runs: (profile, window) -> Profile. And what that kernel asks of the grids.
KERNEL = {LITERT: _built_in, XNNPACK: _delegated, TFLM: _built_in}
CHECK_GRIDS = {LITERT: any_grid, XNNPACK: same_grid, TFLM: nearly_same_grid}


def bounds(xp, profile: Profile, out: Affine, activation: str) -> tuple[Any, Any]:
    """(lowest, highest) stored integer that the fused activation lets through."""
    return activation_bounds(xp, profile, activation, out)


@dataclass(frozen=True, eq=False)
class Params:
    """bounds: of the fused activation."""

    window: Window
    bounds: tuple[Any, Any]


def prepare(node: Node, profile: Profile) -> Params:
    """Window and bounds. Raises Unsupported for types, shapes and scales that the runtime refuses."""
    node.require_types(SPEC)
    window = pool_window(node)
    kernel = KERNEL[profile](profile, window)
    CHECK_GRIDS[kernel](node, node.input(0), node.outputs[0])
    activation = node.options.get("fused_activation_function", "NONE")
    return Params(window, bounds(arrays, kernel, grid_of(node, node.outputs[0]), activation))


def evaluate(params: Params, x) -> np.ndarray:
    """x: int8 [N, H, W, C] -> int8 [N, OH, OW, C]."""
    return np.clip(slide(np.maximum, x, params.window, np.iinfo(x.dtype).min), *params.bounds).astype(x.dtype)
