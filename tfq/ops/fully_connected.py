"""FULLY_CONNECTED: acc = sum (x - z_x) * (w - z_w) + bias; y = clamp(rescale(acc) + z_y).

x: [..., K] is read as rows of K values; y is [rows, O], or keeps the leading dimensions with keep_num_dims. The bias
may be missing. A weights zero point other than 0 counts for one scale and is ignored per channel.
Rounding: litert multiplies in float64 and rounds halves away from zero; tflm rounds twice in fixed point; xnnpack
multiplies in float32 and rounds half to even. xnnpack leaves weights with a zero point to another kernel: refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import accumulate
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import mac
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "FULLY_CONNECTED",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/integer_ops/fully_connected.h; google/XNNPACK "
    "src/xnnpack/requantization.h; tensorflow/tflite-micro tensorflow/lite/micro/kernels/fully_connected.cc",
)

WEIGHT_ZERO_POINT = {LITERT: True, TFLM: True, XNNPACK: False}

stacks = rows_apart


@dataclass(frozen=True, eq=False)
class Params:
    """Constants of one layer, prepared once."""

    weights: accumulate.Weights
    keep_dims: bool
    requantize: mac.Requantize


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the layer. Raises Unsupported for types and layouts without an integer kernel."""
    operands = mac.operands(node, SPEC, weight_rank=2)
    w = operands.w.astype(np.int64)
    if operands.weights.scale.size == 1 and np.any(operands.weights.zero_point != 0):
        if not WEIGHT_ZERO_POINT[profile]:
            raise node.unsupported("weights must have zero point 0")
        w = w - int(operands.weights.zero_point)
    weights = accumulate.prepare_dense(w)
    return Params(
        weights=weights,
        keep_dims=bool(node.options.get("keep_num_dims", False)),
        requantize=mac.requantization(node, profile, profile.fully_connected, operands, weights),
    )


def evaluate(params: Params, x, w, bias=None) -> np.ndarray:
    """x: int8 [..., K] -> int8 [rows, O], or [..., O] with keep_num_dims."""
    rows = x.reshape(-1, params.weights.matrix.shape[1])
    leading = x.shape[:-1] if params.keep_dims else (len(rows),)
    blocks = accumulate.dense(rows, params.weights)
    return mac.finish(blocks, params.requantize, (*leading, params.weights.sums.size))
