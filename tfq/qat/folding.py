"""A BatchNormalization as the affine map that it is at inference, and its statistics while training."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from tfq.numerics.affine import inverse_sqrt_scale, product
from tfq.qat.channel_scale import ChannelScale
from tfq.qat.values import variable_value


def gamma_beta(xp: Any, norm: Any) -> tuple[Any, Any]:
    """(gamma, beta), float32 [channels]; ones and zeros where the layer has none."""
    channels = norm.moving_mean.shape[0]
    gamma = variable_value(xp, norm.gamma) if norm.scale else xp.asarray(np.ones(channels), "float32")
    beta = variable_value(xp, norm.beta) if norm.center else xp.asarray(np.zeros(channels), "float32")
    return gamma, beta


def moving_statistics(xp: Any, norm: Any) -> tuple[Any, Any]:
    """(mean, variance), float32 [channels]."""
    return variable_value(xp, norm.moving_mean), variable_value(xp, norm.moving_variance)


def affine_map(xp: Any, norm: Any, bias: Any = None) -> tuple[Any, Any]:
    """(factor, offset) with norm(x + bias) = factor * x + offset; the same bits everywhere.

    norm: a BatchNormalization, by its moving statistics, or a ChannelScale.
    """
    if isinstance(norm, ChannelScale):
        factor, offset = variable_value(xp, norm.factor), variable_value(xp, norm.offset)
        return factor, offset if bias is None else product(xp, bias, factor) + offset
    gamma, beta = gamma_beta(xp, norm)
    mean, variance = moving_statistics(xp, norm)
    if not norm.scale:  # a constant numerator would become a reciprocal in TensorFlow's optimizer, 1 ulp away
        gamma = xp.minimum(variance + np.float32(1), np.float32(1))
    factor = inverse_sqrt_scale(xp, gamma, variance, np.float32(norm.epsilon))
    return factor, product(xp, -mean if bias is None else bias - mean, factor) + beta


def move_statistics(norm: Any, mean: Any, variance: Any, live: Any) -> None:
    """Keras's own update of the moving statistics. live: 1.0, or 0.0 where the schedule has frozen them."""
    rate = np.float32(1.0 - norm.momentum) * live
    norm.moving_mean.assign_add((ops.stop_gradient(mean) - norm.moving_mean) * rate)
    norm.moving_variance.assign_add((ops.stop_gradient(variance) - norm.moving_variance) * rate)
