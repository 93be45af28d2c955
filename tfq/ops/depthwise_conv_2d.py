"""DEPTHWISE_CONV_2D: acc[c * m + j] = sum (x[c] - z_x) * w[c * m + j] + bias; y = clamp(rescale(acc) + z_y).

The depth multiplier m is filter channels over input channels; the option's own value is ignored, as in the kernels.
Rounding: as CONV_2D.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import accumulate
from tfq.numerics.geometry import Window
from tfq.numerics.profiles import Profile
from tfq.ops import mac
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "DEPTHWISE_CONV_2D",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/depthwise_conv.h; google/XNNPACK "
    "src/xnnpack/requantization.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/depthwise_conv.cc",
)

stacks = rows_apart


@dataclass(frozen=True, eq=False)
class Params:
    """Constants of one depthwise convolution, prepared once."""

    window: Window
    weights: accumulate.Weights
    border: int
    requantize: mac.Requantize


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the convolution. Raises Unsupported for types and layouts without an integer kernel."""
    operands = mac.operands(node, SPEC, weight_rank=4)
    depth = operands.image[3]
    if operands.w.shape[0] != 1 or operands.w.shape[3] % max(depth, 1):
        raise node.unsupported(f"{depth} input channels do not divide the channels of a {operands.w.shape} filter")
    window = mac.window(node, operands)
    weights = accumulate.prepare_depthwise(operands.w, window.output_size(*operands.image[1:3])[1])
    return Params(
        window=window,
        weights=weights,
        border=operands.border,
        requantize=mac.requantization(node, profile, profile.conv, operands, weights),
    )


def evaluate(params: Params, x, w, bias=None) -> np.ndarray:
    """x: int8 [N, H, W, C] -> int8 [N, OH, OW, C * m]."""
    shape = (len(x), *params.window.output_size(*x.shape[1:3]), params.weights.sums.size)
    blocks = accumulate.depthwise_conv_2d(x, params.border, params.weights, params.window)
    return mac.finish(blocks, params.requantize, shape)
