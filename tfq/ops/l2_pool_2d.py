"""L2_POOL_2D of float32: y = clamp(sqrt(sum of x**2 / n)) over the n cells of the window inside the image.

The sum runs in index order, all in float32; LiteRT's optimized kernel, hence xnnpack, adds in another order
(float-close).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics.geometry import Window
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import plain, unary
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.pooling import cell_counts, pool_window, sum_in_order

SPEC = Spec(
    "L2_POOL_2D",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/pooling.cc, internal/reference/pooling.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/l2_pool_2d.cc",
)

stacks = rows_apart
# Whose bounds the result is clamped to: XNNPACK does not take the op.
KERNEL = {LITERT: LITERT, XNNPACK: LITERT, TFLM: TFLM}


@dataclass(frozen=True, eq=False)
class Params:
    """bounds: of the fused activation; None for no bound."""

    window: Window
    bounds: tuple[Any, Any]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x: float32 [N, H, W, C] -> [N, OH, OW, C]."""
        counts = cell_counts(self.window, x.shape[1], x.shape[2]).astype(np.float32)
        with np.errstate(all="ignore"):
            return plain.clamp(np.sqrt(sum_in_order(x * x, self.window) / counts), *self.bounds)


def prepare(node: Node, profile: Profile) -> Params:
    """Window and bounds. Raises Unsupported for types and shapes."""
    unary.alike(node, SPEC, profile, unary.FLOAT)
    return Params(pool_window(node), plain.bounds(node, KERNEL[profile]))


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: float32 [N, H, W, C] -> [N, OH, OW, C]."""
    return params(x)
