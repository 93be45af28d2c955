"""Convolutions and dense layers on integers: what differs between the kinds of weighted layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.qat.weighted import WeightedLayer

# The largest products per output that float32 adds up exactly: 518 * 255 * 127 < 2**24.
EXACT_TERMS = 518


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedConv2D(WeightedLayer):
    """CONV_2D: Conv2D with its batch norm and activation."""

    code = "CONV_2D"
    kernel_axes = (0, 1, 2)

    def multiply(self, x, kernel):
        inner = self.inner
        return ops.conv(x, kernel, inner.strides, inner.padding, "channels_last", inner.dilation_rate)

    def pieces(self, x, kernel):
        height, width, depth, _ = kernel.shape
        step = max(EXACT_TERMS // (height * width), 1)
        if depth <= step or self.inner.groups > 1:
            return [(x, kernel)]
        return [(x[..., i : i + step], kernel[:, :, i : i + step]) for i in range(0, depth, step)]

    def file_weights(self, q_kernel):
        return np.ascontiguousarray(q_kernel.transpose(3, 0, 1, 2))

    def options(self, rank):
        return convolution_options(self.inner)


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedDepthwiseConv2D(WeightedLayer):
    """DEPTHWISE_CONV_2D: DepthwiseConv2D with its batch norm and activation."""

    code = "DEPTHWISE_CONV_2D"
    kernel_axes = (0, 1)
    channel_axis = 3

    def multiply(self, x, kernel):
        inner = self.inner
        return ops.depthwise_conv(x, kernel, inner.strides, inner.padding, "channels_last", inner.dilation_rate)

    def per_channel(self, xp, vector):
        return xp.reshape(vector, self.kernel_variable().shape[2:])

    def file_weights(self, q_kernel):
        return q_kernel.reshape(1, *q_kernel.shape[:2], -1)

    def options(self, rank):
        return {**convolution_options(self.inner), "depth_multiplier": int(self.inner.depth_multiplier)}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedDense(WeightedLayer):
    """FULLY_CONNECTED: Dense with its batch norm and activation."""

    code = "FULLY_CONNECTED"
    kernel_axes = (0,)

    def multiply(self, x, kernel):
        return ops.matmul(x, kernel)

    def pieces(self, x, kernel):
        return [
            (x[..., i : i + EXACT_TERMS], kernel[i : i + EXACT_TERMS]) for i in range(0, kernel.shape[0], EXACT_TERMS)
        ]

    def rescale_scheme(self):
        return self.profile.fully_connected

    def file_weights(self, q_kernel):
        return np.ascontiguousarray(q_kernel.T)

    def options(self, rank):
        return {"keep_num_dims": rank > 2, "weights_format": "DEFAULT"}


def convolution_options(layer: Any) -> dict[str, Any]:
    """Stride, dilation and padding of a Keras convolution, in the schema's words."""
    return {
        "padding": layer.padding.upper(),
        "stride_h": int(layer.strides[0]),
        "stride_w": int(layer.strides[1]),
        "dilation_h_factor": int(layer.dilation_rate[0]),
        "dilation_w_factor": int(layer.dilation_rate[1]),
    }
