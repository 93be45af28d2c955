"""TensorFlow's fused kernels for training: one kernel forward, one backward, where composed ops take many passes.

Used in training mode only: the fused fake-quant rounds halves up instead of to even, so exact ties may part there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def batch_norm(y: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    """(normalized y, mean, biased variance) of the batch over all axes but the last."""
    shape = tf.shape(y)
    channels = y.shape[-1]
    image = y if len(y.shape) == 4 else tf.reshape(y, (-1, 1, 1, channels))
    empty = tf.zeros((0,), tf.float32)
    out, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=image, scale=gamma, offset=beta, mean=empty, variance=empty, epsilon=float(epsilon), is_training=True
    )
    # The kernel reports the unbiased variance; Keras keeps the biased one.
    count = tf.cast(tf.size(y), tf.float32) / np.float32(channels)
    variance = variance * (tf.maximum(count - 1.0, 1.0) / count)
    return (out if image is y else tf.reshape(out, shape)), mean, variance


def fake_quantize(y: Any, lo: Any, hi: Any) -> Any:
    """y on the grid of [lo, hi], which holds 0; the gradient is that of the clamp to it."""
    return tf.quantization.fake_quant_with_min_max_vars(y, tf.stop_gradient(lo), tf.stop_gradient(hi), num_bits=8)
