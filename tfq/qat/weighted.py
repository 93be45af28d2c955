"""WeightedLayer: an original Keras layer, the batch norm behind it, and a fused activation.

Inference: q_y = clamp(rescale(sum (q_x - z_x) * q_w + q_b) + z_y), the deployed op. Training: a float layer on
fake-quantized weights and outputs. The inner Keras layers hold the trained variables.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import divide, symmetric_scale
from tfq.numerics.profiles import Profile, activation_bounds, requantize
from tfq.qat import arrays, folding, folding_scales, training
from tfq.qat.base import BATCH_STATISTICS, QUANTIZE, QuantizedLayer
from tfq.qat.program import Activation, Constant, Step
from tfq.qat.values import centered, real_of, variable_value

FUSED = {"linear": "NONE", "relu": "RELU", "relu6": "RELU6"}
_LARGEST_BIAS = np.float32(2147483520.0)  # the largest float32 below 2**31
_LARGEST_WIDE_BIAS = np.float32(2.0**39)  # leaves room for the sum: the kernels multiply 48 bits by 15
_SMALLEST_SCALE = np.float32(2.0**-60)


class WeightedLayer(QuantizedLayer):
    """A weighted layer on integers.

    Args:
        inner: the Keras layer that holds kernel and bias (its own activation unused). batch_norm: a BatchNormalization
        folded into it, or None. activation: "linear", "relu" or "relu6", fused. is_float: the recipe leaves it out.
        weight_bits: 2 to 8. input_map: a ChannelScale of the input, folded into the weights, or None.
    """

    code = ""
    kernel_axes: tuple[int, ...] = ()  # of the kernel, reduced to one scale per output channel
    channel_axis = 0  # of the file's weights

    def __init__(
        self,
        inner: Any,
        batch_norm: Any = None,
        activation: str = "linear",
        is_float: bool = False,
        weight_bits: int = 8,
        input_map: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.input_map = input_map
        self.weight_bits = weight_bits
        self.is_float = is_float
        self.has_range = not is_float
        self.inner = inner
        self.batch_norm = batch_norm
        self.activation = activation

    def build(self, input_shape: Any) -> None:
        if not self.inner.built:
            self.inner.build(input_shape)
        if self.input_map is not None and not self.input_map.built:
            self.input_map.build(input_shape)
        if self.batch_norm is not None and not self.batch_norm.built:
            self.batch_norm.build(self.inner.compute_output_shape(input_shape))
        super().build(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.inner.compute_output_shape(input_shape)

    # Layout: what differs between a convolution and a matrix product.
    def multiply(self, x: Any, kernel: Any) -> Any:
        """The layer's sum of products, float in and out."""
        raise NotImplementedError

    def pieces(self, x: Any, kernel: Any) -> list[tuple[Any, Any]]:
        """(x, kernel) in pieces whose sums of products float32 holds exactly."""
        return [(x, kernel)]

    def kernel_variable(self) -> Any:
        """The Keras variable of the kernel."""
        return self.inner.kernel

    def per_channel(self, xp: Any, vector: Any) -> Any:
        """A vector over output channels, shaped to broadcast over the kernel."""
        return vector

    def file_weights(self, q_kernel: np.ndarray) -> np.ndarray:
        """The kernel's integers in the file's layout."""
        raise NotImplementedError

    def options(self, rank: int) -> dict[str, Any]:
        """The op's options but for the fused activation; rank: of the output."""
        return {}

    def unfolded(self, xp: Any) -> tuple[Any, Any]:
        """(kernel, bias or None) without the batch norm, for the input as it comes."""
        kernel = variable_value(xp, self.kernel_variable())
        bias = variable_value(xp, self.inner.bias) if self.inner.use_bias else None
        if self.input_map is None:
            return kernel, bias
        return folding_scales.mapped(xp, kernel, bias, self.input_map, self.kernel_axes)

    # The deployed constants: one function for inference and export.
    def folded(self, xp: Any) -> tuple[Any, Any]:
        """(kernel, bias) with batch norm folded in by its moving statistics, float32."""
        kernel, bias = self.unfolded(xp)
        if self.batch_norm is None:
            return kernel, _zeros(xp, self.channels) if bias is None else bias
        factor, offset = folding.affine_map(xp, self.batch_norm, bias)
        return kernel * self.per_channel(xp, factor), offset

    def integers(self, xp: Any, site: int) -> tuple[Any, Any, Any]:
        """(q_kernel, weight scales [channels], q_bias): whole numbers as float32."""
        kernel, bias = self.folded(xp)
        input_scale = self.input_grid(xp, site).scale
        scale = self.weight_scale(xp, kernel, bias, input_scale)
        qmax = self.qmax
        q_kernel = xp.clip(xp.round(divide(xp, kernel, self.per_channel(xp, scale))), -qmax, qmax)
        largest = _LARGEST_BIAS if self.bits == 8 else _LARGEST_WIDE_BIAS
        q_bias = xp.clip(xp.round(divide(xp, bias, scale * input_scale)), -largest, largest)
        return q_kernel, scale, q_bias

    def weight_scale(self, xp: Any, kernel: Any, bias: Any, input_scale: Any) -> Any:
        """One scale per output channel (all equal if per tensor), large enough that an int32 bias fits 30 bits."""
        largest = xp.max(xp.abs(kernel), self.kernel_axes) if self.kernel_axes else xp.abs(kernel)
        largest = xp.reshape(largest, (-1,))
        scale = xp.maximum(symmetric_scale(xp, largest, self.qmax), _SMALLEST_SCALE)
        if self.bits == 8:
            scale = xp.maximum(scale, divide(xp, xp.abs(bias) * np.float32(2.0**-29), input_scale))
        if self.recipe.weights == "per_tensor":
            scale = xp.max(scale) + xp.zeros_like(scale)
        return scale

    @property
    def qmax(self) -> int:
        return 2 ** (self.weight_bits - 1) - 1

    @property
    def channels(self) -> int:
        return int(np.prod([self.kernel_variable().shape[i] for i in self._output_axes()]))

    def _output_axes(self) -> list[int]:
        rank = len(self.kernel_variable().shape)
        return [i for i in range(rank) if i not in self.kernel_axes]

    # The three modes.
    def train(self, x: Any, site: int) -> Any:
        if self.is_float:
            return training.activate(self.pre_activation(x, site), self.activation)
        return super().train(x, site)

    def infer(self, x: Any, site: int) -> Any:
        if self.is_float:
            return self.real(x, site)
        grid_x, grid_y = self.input_grid(arrays, site), self.grid(arrays, site)
        q_kernel, scale, q_bias = self.once("integers", site, lambda: self.integers(arrays, site))
        acc = self.accumulate(centered(x, grid_x), q_kernel)
        acc = acc + ops.cast(q_bias, acc.dtype)
        scheme = self.rescale_scheme()
        constants = self.once("multiplier", site, lambda: scheme.constants(arrays, grid_x.scale, scale, grid_y.scale))
        bounds = activation_bounds(arrays, self.kernel_profile, FUSED[self.activation], grid_y)
        return real_of(requantize(arrays, scheme, acc, constants, grid_y.zero_point, bounds), grid_y)

    @property
    def packs(self) -> bool:
        """Whether the file holds the weights as int4, two in a byte."""
        return False

    @property
    def kernel_profile(self) -> Profile:
        """Whose kernel computes the op: XNNPACK leaves some to LiteRT."""
        return self.profile

    def rescale_scheme(self) -> Any:
        """The profile's requantization of this op."""
        return self.profile.conv if self.bits == 8 else self.profile.conv_16

    def accumulate(self, x: Any, kernel: Any) -> Any:
        """The sum of products of whole numbers, int32, or int64 for inputs of 16 bits, which go in two halves."""
        if self.bits == 8:
            return self._sum(x, kernel)
        high = ops.floor(x * np.float32(1 / 256))
        low = x - high * np.float32(256)
        return ops.cast(self._sum(high, kernel), "int64") * 256 + ops.cast(self._sum(low, kernel), "int64")

    def _sum(self, x: Any, kernel: Any) -> Any:
        """The int32 sum for 8-bit x; rounding undoes what a fast (Winograd) convolution may add."""
        sums = [ops.cast(ops.round(self.multiply(*piece)), "int32") for piece in self.pieces(x, kernel)]
        total = sums[0]
        for part in sums[1:]:
            total = total + part
        return total

    def real(self, x: Any, site: int) -> Any:
        kernel, bias = self.folded(arrays)
        return training.activate(self.multiply(x, kernel) + bias, self.activation)

    def pre_activation(self, x: Any, site: int) -> Any:
        """The float output before the activation, on fake-quantized weights, batch norm included."""
        kernel, bias = self.unfolded(arrays)
        if self.batch_norm is None:
            y = self.product(x, self.fake_quantized(kernel))
            return y if bias is None else y + bias
        if not self.batch_norm.trainable:
            return self._with_moving_statistics(x)
        if self.recipe.fold == "batch":
            return self._with_folded_batch_statistics(x, kernel, bias)
        y, mean, variance = self.switch(
            BATCH_STATISTICS,
            lambda: self._with_batch_statistics(x, kernel, bias),
            lambda: (self._with_moving_statistics(x), *folding.moving_statistics(arrays, self.batch_norm)),
        )
        folding.move_statistics(self.batch_norm, mean, variance, self.live())
        return y

    def product(self, x: Any, kernel: Any) -> Any:
        """`multiply` in the inner layer's compute dtype, float32 out."""
        dtype = self.inner.compute_dtype
        if dtype == "float32":
            return self.multiply(x, kernel)
        return ops.cast(self.multiply(ops.cast(x, dtype), ops.cast(kernel, dtype)), "float32")

    def fake_quantized(self, kernel: Any, factor: Any = None) -> Any:
        """The kernel on its weight grid, straight-through. factor: of a fold that the grid depends on (per tensor)."""
        if self.is_float:
            return kernel
        per_tensor = self.recipe.weights == "per_tensor"
        if factor is not None and per_tensor:
            factor = ops.stop_gradient(ops.where(ops.abs(factor) < 1e-12, np.float32(1e-12), factor))
            factor = self.per_channel(arrays, factor)
            return self.fake_quantized(kernel * factor) / factor
        axes = None if per_tensor else self.kernel_axes
        return self.switch(
            QUANTIZE,
            lambda: training.fake_quantize_weights(kernel, axes, self.weight_bits),
            lambda: kernel,
        )

    def live(self) -> Any:
        """1.0 while batch norm learns from batches, 0.0 once the schedule has frozen it."""
        return self.control[BATCH_STATISTICS] if self.scheduled else np.float32(1)

    def _with_batch_statistics(self, x: Any, kernel: Any, bias: Any) -> tuple[Any, Any, Any]:
        factor = folding.affine_map(arrays, self.batch_norm)[0] if self.recipe.weights == "per_tensor" else None
        y = self.product(x, self.fake_quantized(kernel, factor))
        y = y if bias is None else y + bias
        return training.batch_norm(y, *folding.gamma_beta(arrays, self.batch_norm), self.batch_norm.epsilon)

    def _with_moving_statistics(self, x: Any) -> Any:
        kernel, bias = self.folded(arrays)
        return self.product(x, self.fake_quantized(kernel)) + bias

    def _with_folded_batch_statistics(self, x: Any, kernel: Any, bias: Any) -> Any:
        y = self.product(x, kernel)
        y = y if bias is None else y + bias
        mean, variance = ops.moments(y, list(range(len(y.shape) - 1)))
        live = self.live()
        moving_mean, moving_variance = folding.moving_statistics(arrays, self.batch_norm)
        mean, variance = ops.where(live > 0, mean, moving_mean), ops.where(live > 0, variance, moving_variance)
        folding.move_statistics(self.batch_norm, mean, variance, live)
        gamma, beta = folding.gamma_beta(arrays, self.batch_norm)
        factor = gamma * ops.rsqrt(variance + np.float32(self.batch_norm.epsilon))
        folded = self.fake_quantized(kernel * self.per_channel(arrays, factor))
        shift = -mean if bias is None else bias - mean
        return self.product(x, folded) + shift * factor + beta

    # Export.
    def lower(self, site: int, inputs: list[str], output: Activation) -> list[Step]:
        if self.is_float:
            return self._lower_float(site, inputs[0], output)
        q_kernel, scale, q_bias = self.integers(numpy_arrays, site)
        input_scale = self.input_grid(numpy_arrays, site).scale
        if self.recipe.weights == "per_tensor":
            scale = scale[:1]
        weights = self.file_weights(q_kernel.astype(np.int8))
        zeros = np.zeros(scale.size, np.int64)
        axis = self.channel_axis if scale.size > 1 else 0
        bias_type = np.int32 if self.bits == 8 else np.int64
        constants = (
            Constant(f"{output.name}/weights", weights, scale, zeros, axis, "INT4" if self.packs else None),
            Constant(f"{output.name}/bias", q_bias.astype(bias_type), scale * input_scale, zeros),
        )
        options = {**self.options(len(output.shape)), "fused_activation_function": FUSED[self.activation]}
        return [Step(self.code, (inputs[0], *constants), output, options)]

    def _lower_float(self, site: int, source: str, output: Activation) -> list[Step]:
        kernel, bias = self.folded(numpy_arrays)
        constants = (
            Constant(f"{output.name}/weights", self.file_weights(kernel)),
            Constant(f"{output.name}/bias", np.asarray(bias)),
        )
        options = {**self.options(len(output.shape)), "fused_activation_function": FUSED[self.activation]}
        producer, _ = self.links.sources[site][0]
        if producer.is_float:
            return [Step(self.code, (source, *constants), output, options)]
        real = Activation(f"{output.name}/input", (None, *self.input.shape[1:]), None)
        return [Step("DEQUANTIZE", (source,), real), Step(self.code, (real.name, *constants), output, options)]

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        norm = None if self.batch_norm is None else serialize(self.batch_norm)
        return {
            **super().get_config(),
            "inner": serialize(self.inner),
            "batch_norm": norm,
            "input_map": None if self.input_map is None else serialize(self.input_map),
            "activation": self.activation,
            "is_float": self.is_float,
            "weight_bits": self.weight_bits,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WeightedLayer:
        restore = keras.saving.deserialize_keras_object
        inner, norm, input_map = restore(config.pop("inner")), config.pop("batch_norm"), config.pop("input_map", None)
        held = {"batch_norm": norm, "input_map": input_map}
        return cls(inner=inner, **{name: value and restore(value) for name, value in held.items()}, **config)


def _zeros(xp: Any, n: int) -> Any:
    return xp.asarray(np.zeros(n), "float32")
