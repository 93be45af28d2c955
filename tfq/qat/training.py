"""The float side of training: activations, batch norm and fake quantization, with the gradients of an ordinary network.

On TensorFlow, `tfq.qat.fused` does batch norm and fake quantization in one kernel each; elsewhere these compose keras.ops.
Inference never comes here.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfq.numerics.affine import Affine
from tfq.qat.values import straight_through

_ACTIVATIONS = {"linear": lambda y: y, "relu": ops.relu, "relu6": ops.relu6}


def activate(y: Any, activation: str) -> Any:
    """The float activation that an op can fuse."""
    return _ACTIVATIONS[activation](y)


def activation_range(y: Any, activation: str, bounded_below: bool) -> tuple[Any, Any, Any]:
    """(y, lo, hi) to fake-quantize: where the range is the output's own, its clamp is the relu, and y stays as it is."""
    if activation == "linear" or not bounded_below:
        y = activate(y, activation)
        return y, ops.min(y), ops.max(y)
    hi = ops.max(y)
    return y, ops.zeros((), y.dtype), ops.minimum(hi, 6.0) if activation == "relu6" else ops.maximum(hi, 0.0)


def batch_norm(y: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """(normalized y, mean, variance) of the batch, over all axes but the last; the variance is the biased one, as in Keras."""
    if keras.backend.backend() == "tensorflow":
        from tfq.qat import fused

        return fused.batch_norm(y, gamma, beta, epsilon)
    mean, variance = ops.moments(y, list(range(len(y.shape) - 1)))
    return (y - mean) * (gamma * ops.rsqrt(variance + epsilon)) + beta, mean, variance


def fake_quantize(y: Any, grid: Affine, enabled: Any, activation: str) -> Any:
    """y clamped and rounded to the grid, straight-through; while not enabled, only the activation."""
    if keras.backend.backend() == "tensorflow":
        from tfq.qat import fused

        return ops.cond(enabled > 0, lambda: fused.fake_quantize(y, grid), lambda: activate(y, activation))
    return ops.where(enabled > 0, straight_through(y, grid), activate(y, activation))
