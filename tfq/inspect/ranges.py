"""What real values an op can give at most, from its weights and its input's grid alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfq.ops.contract import INTEGER_LIMITS
from tfq.tflite.model import Operator, Tensor

_ACTIVATIONS = {"RELU": (0.0, np.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
_FIXED = {
    "LOGISTIC": (0.0, 1.0),
    "SOFTMAX": (0.0, 1.0),
    "TANH": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
    "L2_NORMALIZATION": (-1.0, 1.0),
}
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}


@dataclass(frozen=True)
class Grid:
    """The per-tensor grid of an integer tensor: its step, and the reals of its lowest and highest code."""

    scale: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"[{self.low:.3g}, {self.high:.3g}]"


def grid_of(tensor: Tensor | None) -> Grid | None:
    """None where the tensor has no grid, a grid per channel, or a scale that is none."""
    if tensor is None or tensor.quantization is None or tensor.type not in INTEGER_LIMITS:
        return None
    grid = tensor.quantization
    if grid.scale.size != 1 or grid.zero_point.size != 1 or not 0 < grid.scale[0] < np.inf:
        return None
    scale, zero_point = float(grid.scale[0]), int(grid.zero_point[0])
    low, high = INTEGER_LIMITS[tensor.type]
    return Grid(scale, (low - zero_point) * scale, (high - zero_point) * scale)


def attainable(op: Operator, inputs: Sequence[Tensor | None]) -> tuple[float, float] | None:
    """(lowest, highest) real that the op can give, 0 included; None where nothing is known."""
    low, high = _FIXED.get(op.code, (-np.inf, np.inf))
    if op.code in _CHANNEL_AXIS:
        low, high = _weighted_sum(op.code, inputs) or (low, high)
    activation = _ACTIVATIONS.get(op.options.get("fused_activation_function", "NONE"), (-np.inf, np.inf))
    low, high = np.clip((low, high), *activation)
    low, high = min(low, 0.0), max(high, 0.0)
    return (float(low), float(high)) if np.isfinite([low, high]).all() else None


def _weighted_sum(code: str, inputs: Sequence[Tensor | None]) -> tuple[float, float] | None:
    """Interval arithmetic of sum(w * x) + bias over the worst channel."""
    first, weights, bias = (inputs[k] if k < len(inputs) else None for k in range(3))
    x, axis = grid_of(first), _CHANNEL_AXIS[code]
    if x is None or weights is None or weights.data is None or weights.quantization is None:
        return None
    grid = weights.quantization
    if axis >= weights.data.ndim or weights.data.size == 0 or weights.data.dtype.kind not in "iu":
        return None
    rows = np.moveaxis(weights.data, axis, 0).reshape(weights.data.shape[axis], -1).astype(np.float64)
    if grid.scale.size not in (1, len(rows)) or grid.zero_point.size not in (1, len(rows)):
        return None
    rows = (rows - grid.zero_point.reshape(-1, 1)) * grid.scale.reshape(-1, 1).astype(np.float64)
    positive, negative = np.maximum(rows, 0).sum(1), np.minimum(rows, 0).sum(1)
    shift = np.zeros(len(rows))
    if bias is not None and bias.data is not None and bias.data.size == len(rows):
        shift = bias.data.reshape(-1) * (x.scale * grid.scale.astype(np.float64))
    elif bias is not None:
        return None
    lowest, highest = positive * x.low + negative * x.high + shift, positive * x.high + negative * x.low + shift
    return float(lowest.min()), float(highest.max())
