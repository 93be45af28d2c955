"""MAX_POOL_2D: y = clamp(max of the stored values of the window's cells inside the image). Nothing is rescaled.

xnnpack refuses to load unless 8-bit input and output share scale and zero point, and so does tflm (up to 1e-6); litert
does not look. xnnpack leaves windows with a stride beyond the kernel, or 1x1 with a stride, to LiteRT's kernel, int16
too. float32 is clamped to the activation's bounds, and by the built-in kernels to the finite numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.geometry import Window
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile, activation_bounds
from tfq.ops import plain
from tfq.ops.checks import grid_of, nearly_same_grid
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import any_parameters, moved, same_grid_if_delegated, types_of
from tfq.ops.pooling import pool_window, slide
from tfq.tflite.model import Tensor

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "FLOAT32")}
SPEC = Spec(
    "MAX_POOL_2D",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/pooling.cc, internal/reference/integer_ops/pooling.h; "
    "google/XNNPACK src/subgraph/max-pooling-2d.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/pooling_common.cc",
)

stacks = rows_apart


def _built_in(node: Node, profile: Profile, window: Window) -> Profile:
    return profile


def _delegated(node: Node, profile: Profile, window: Window) -> Profile:
    pairs = list(zip(window.stride, window.kernel, strict=True))
    strided_point = window.kernel == (1, 1) and window.stride != (1, 1)
    wide_stride = any(stride > kernel for stride, kernel in pairs)
    return LITERT if strided_point or wide_stride or node.outputs[0].type == "INT16" else profile


def _nearly_same(node: Node, *tensors: Tensor) -> None:
    if any(tensor.quantization is not None for tensor in tensors) and tensors[0].type != "FLOAT32":
        nearly_same_grid(node, *tensors)


# Whose kernel runs: (node, profile, window) -> Profile. And what that kernel asks of the grids.
KERNEL = {LITERT: _built_in, XNNPACK: _delegated, TFLM: _built_in}
CHECK_GRIDS = {LITERT: any_parameters, XNNPACK: same_grid_if_delegated, TFLM: _nearly_same}


def bounds(xp, profile: Profile, out: Affine, activation: str) -> tuple[Any, Any]:
    """(lowest, highest) stored integer that the fused activation lets through."""
    return activation_bounds(xp, profile, activation, out)


@dataclass(frozen=True, eq=False)
class Params:
    """bounds: of the fused activation, None for none."""

    window: Window
    bounds: tuple[Any, Any]


def prepare(node: Node, profile: Profile) -> Params:
    """Window and bounds. Raises Unsupported for types, shapes and scales that the runtime refuses."""
    x, y = moved(node, profile, TYPES), node.outputs[0]
    window = pool_window(node)
    kernel = KERNEL[profile](node, profile, window)
    CHECK_GRIDS[kernel](node, x, y)
    return Params(window, _bounds_of(node, kernel))


def _bounds_of(node: Node, kernel: Profile) -> tuple[Any, Any]:
    activation = node.options.get("fused_activation_function", "NONE")
    if node.outputs[0].type == "FLOAT32":
        return plain.bounds(node, kernel)
    if activation == "NONE":
        return None, None
    return bounds(arrays, kernel, grid_of(node, node.outputs[0]), activation)


def evaluate(params: Params, x) -> np.ndarray:
    """x: [N, H, W, C] -> [N, OH, OW, C]."""
    lowest: Any = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return plain.clamp(slide(np.maximum, x, params.window, lowest), *params.bounds).astype(x.dtype, copy=False)
