"""CONV_2D: acc = sum (x - z_x) * w + bias over the window; y = clamp(rescale(acc) + z_y).

Padding holds z_x, so it adds nothing. int8 weights have zero point 0; acc and bias wrap at 32 bits. Input channels over
filter channels is the number of groups. Rounding: litert and tflm round twice in fixed point (multiplier from a float64
ratio); xnnpack multiplies in float32 and rounds half to even.
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
    "CONV_2D",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/conv.h; "
    "google/XNNPACK src/xnnpack/requantization.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/conv.cc",
)

stacks = rows_apart


@dataclass(frozen=True, eq=False)
class Params:
    """Constants of one convolution, prepared once."""

    window: Window
    weights: accumulate.Weights
    border: int
    requantize: mac.Requantize


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the convolution. Raises Unsupported for types and layouts without an integer kernel."""
    operands = mac.operands(node, SPEC, weight_rank=4)
    depth, filter_depth = operands.image[3], operands.w.shape[3]
    if filter_depth < 1 or depth % filter_depth or operands.w.shape[0] % (depth // filter_depth):
        raise node.unsupported(f"{depth} input channels do not split into groups of a {operands.w.shape} filter")
    weights = accumulate.prepare_conv(operands.w, groups=depth // filter_depth)
    return Params(
        window=mac.window(node, operands),
        weights=weights,
        border=operands.border,
        requantize=mac.requantization(node, profile, profile.conv, operands, weights),
    )


def evaluate(params: Params, x, w, bias=None) -> np.ndarray:
    """x: int8 [N, H, W, C] -> int8 [N, OH, OW, O]."""
    shape = (len(x), *params.window.output_size(*x.shape[1:3]), params.weights.sums.size)
    blocks = accumulate.conv_2d(x, params.border, params.weights, params.window)
    return mac.finish(blocks, params.requantize, shape)
