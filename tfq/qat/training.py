"""The float side of training: activations, batch norm and fake quantization, with the gradients of an ordinary network.

On TensorFlow, `tfq.qat.fused` does batch norm and fake quantization in one kernel each; elsewhere they are composed of
keras.ops. Inference never comes here.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics.affine import SMALLEST_RANGE, Affine, scale_zero_point, symmetric_scale
from tfq.qat import arrays
from tfq.qat.values import straight_through

_ACTIVATIONS = {"linear": lambda y: y, "relu": ops.relu, "relu6": ops.relu6}


def activate(y: Any, activation: str) -> Any:
    """The float activation that an op can fuse."""
    return _ACTIVATIONS[activation](y)


def activation_range(y: Any, activation: str, bounded_below: bool) -> tuple[Any, Any, Any]:
    """(y, lo, hi) to fake-quantize: where the range is the output's own, its clamp is the relu and y stays as is."""
    if activation == "linear" or not bounded_below:
        y = activate(y, activation)
        return y, ops.min(y), ops.max(y)
    hi = ops.max(y)
    return y, ops.zeros((), y.dtype), ops.minimum(hi, 6.0) if activation == "relu6" else ops.maximum(hi, 0.0)


def batch_norm(y: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """(normalized y, mean, biased variance) of the batch, over all axes but the last, as in Keras."""
    if keras.backend.backend() == "tensorflow":
        from tfq.qat import fused

        return fused.batch_norm(y, gamma, beta, epsilon)
    mean, variance = ops.moments(y, list(range(len(y.shape) - 1)))
    return (y - mean) * (gamma * ops.rsqrt(variance + epsilon)) + beta, mean, variance


def fake_quantize(y: Any, lo: Any, hi: Any, one_sided: bool) -> Any:
    """y clamped and rounded to the grid of [lo, hi], straight-through: the gradient is that of the clamp.

    one_sided: the range starts at 0 (a relu), so the clamp is the relu.
    """
    hi = ops.maximum(hi, SMALLEST_RANGE)
    lo = np.float32(0) if one_sided else ops.minimum(lo, np.float32(0))
    if keras.backend.backend() == "tensorflow":
        from tfq.qat import fused

        return fused.fake_quantize(y, lo, hi)
    return straight_through(y, Affine(*scale_zero_point(arrays, lo, hi)))


def fake_quantize_weights(kernel: Any, axes: tuple[int, ...] | None, bits: int) -> Any:
    """The kernel on its symmetric grid, one scale for each slice over `axes` (None: one in all); the gradient is 1."""
    fixed = ops.stop_gradient(kernel)
    largest = ops.max(ops.abs(fixed), axes, keepdims=True)
    scale = ops.maximum(symmetric_scale(arrays, largest, 2 ** (bits - 1) - 1), SMALLEST_RANGE)
    return kernel + ops.stop_gradient(ops.round(fixed / scale) * scale - fixed)
