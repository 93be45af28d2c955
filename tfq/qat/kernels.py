"""Convolutions and dense layers on integers: what differs between the kinds of weighted layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics.profiles import BUILT_IN
from tfq.ops import conv_2d, fully_connected
from tfq.qat.program import Constant
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
        if depth <= step:
            return [(x, kernel)]
        grouped = ops.reshape(x, (-1, *x.shape[1:-1], self.inner.groups, depth))
        pieces = [(grouped[..., i : i + step], kernel[:, :, i : i + step]) for i in range(0, depth, step)]
        return [(ops.reshape(part, (-1, *x.shape[1:-1], self.inner.groups * part.shape[-1])), k) for part, k in pieces]

    @property
    def packs(self):
        return self.weight_bits <= 4 and self.bits == 8 and self.inner.groups == 1

    @property
    def kernel_profile(self):
        return BUILT_IN[self.profile] if self.packs else self.profile

    def rescale_scheme(self):
        return conv_2d.PACKED[self.profile] if self.packs else super().rescale_scheme()

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
class QuantizedConv2DTranspose(WeightedLayer):
    """TRANSPOSE_CONV: Conv2DTranspose with its batch norm and activation.

    Its first operand is the output's shape, batch included and 1. LiteRT's default (XNNPACK) takes other batches all
    the same; its reference kernels refuse them.
    """

    code = "TRANSPOSE_CONV"
    kernel_axes = (0, 1, 3)

    def multiply(self, x, kernel):
        inner = self.inner
        return ops.conv_transpose(x, kernel, inner.strides, inner.padding, inner.output_padding, "channels_last")

    def pieces(self, x, kernel):
        height, width, _, depth = kernel.shape
        step = max(EXACT_TERMS // (height * width), 1)
        return [(x[..., i : i + step], kernel[..., i : i + step]) for i in range(0, depth, step)]

    def per_channel(self, xp, vector):
        return xp.reshape(vector, (-1, 1))

    def file_weights(self, q_kernel):
        return np.ascontiguousarray(q_kernel.transpose(2, 0, 1, 3))

    def options(self, rank):
        inner = self.inner
        height, width = (int(n) for n in inner.strides)
        return {"padding": inner.padding.upper(), "stride_h": height, "stride_w": width}

    def lower(self, site, inputs, output):
        *before, step = super().lower(site, inputs, output)
        x, weights, bias = step.inputs
        shape = Constant(f"{output.name}/shape", np.array([1, *output.shape[1:]], np.int32))
        return [*before, replace(step, inputs=(shape, weights, x, bias))]


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

    @property
    def packs(self):
        """TFLite Micro takes int4 of one scale only."""
        one_scale = self.recipe.weights == "per_tensor" or self.recipe.numerics != "tflm"
        return self.weight_bits <= 4 and self.bits == 8 and one_scale

    def rescale_scheme(self):
        if self.bits > 8:
            return self.profile.fully_connected_16
        if not self.packs:
            return self.profile.fully_connected
        if not self.odd:
            return fully_connected.PACKED[self.profile]
        several = self.recipe.weights == "per_channel" and self.channels > 1
        return fully_connected.PACKED_ODD[several][self.profile]

    @property
    def odd(self):
        """Whether a row of int4 ends in half a byte, which XNNPACK leaves to LiteRT's kernel."""
        return self.kernel_variable().shape[0] % 2 == 1

    @property
    def kernel_profile(self):
        return BUILT_IN[self.profile] if self.packs and self.odd else self.profile

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
