"""Layers that compute without kernels: input quantizer, a batch norm or rescaling on its own, activations."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics import arrays as numpy_arrays
from tfq.numerics.affine import Affine, quantize
from tfq.ops import log_softmax, logistic, relu, softmax, tanh
from tfq.ops import quantize as quantize_op
from tfq.qat import arrays, folding, training
from tfq.qat.base import BATCH_STATISTICS, QuantizedLayer
from tfq.qat.moves import reshape_step
from tfq.qat.program import Activation, Step
from tfq.qat.values import real_of, stored, straight_through, variable_value
from tfq.qat.weighted import WeightedLayer


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedInput(QuantizedLayer):
    """A float tensor put on its grid: a model input (int8 in the file), or what a left-out layer gives (QUANTIZE)."""

    def compute_output_shape(self, input_shape):
        return input_shape

    def real(self, x, site):
        return ops.cast(x, "float32")

    def infer(self, x, site):
        grid = self.grid(arrays, site)
        return real_of(quantize(arrays, ops.cast(x, "float32"), grid), grid)

    def lower(self, site, inputs, output):
        producer, _ = self.links.sources[site][0]
        return [Step("QUANTIZE", tuple(inputs), output)] if isinstance(producer, QuantizedLayer) else []


@keras.saving.register_keras_serializable(package="tfq")
class Requantize(QuantizedLayer):
    """QUANTIZE: a tensor brought to another grid, for ops that want their inputs on one scale."""

    def compute_output_shape(self, input_shape):
        return input_shape

    def real(self, x, site):
        return x

    def infer(self, x, site):
        grid, out = self.input_grid(arrays, site), self.grid(arrays, site)
        constants = quantize_op.constants(arrays, self.profile, grid, out)
        return real_of(quantize_op.integers(arrays, self.profile, constants, stored(x, grid)), out)

    def lower(self, site, inputs, output):
        return [Step("QUANTIZE", tuple(inputs), output)]


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedScale(WeightedLayer):
    """y = x * factor + offset per channel, a BatchNormalization or a ChannelScale, as a 1x1 DEPTHWISE_CONV_2D.

    Each channel's weight is the largest integer times its own scale, so the weights cost no precision.
    """

    code = "DEPTHWISE_CONV_2D"
    channel_axis = 3

    def build(self, input_shape):
        self.depth = int(input_shape[-1])
        super().build(input_shape)

    @property
    def channels(self):
        return self.depth

    @property
    def norm(self):
        """The inner batch norm, None for a ChannelScale."""
        return self.inner if isinstance(self.inner, keras.layers.BatchNormalization) else None

    def compute_output_shape(self, input_shape):
        return input_shape

    def multiply(self, x, kernel):
        return x * kernel

    def folded(self, xp):
        if self.norm is not None:
            return folding.affine_map(xp, self.norm)
        return variable_value(xp, self.inner.factor), variable_value(xp, self.inner.offset)

    def pre_activation(self, x, site):
        if self.norm is None or not self.norm.trainable:
            factor, offset = self.folded(arrays)
            return x * factor + offset
        gamma, beta = folding.gamma_beta(arrays, self.norm)
        moving = folding.moving_statistics(arrays, self.norm)
        y, mean, variance = self.switch(
            BATCH_STATISTICS,
            lambda: training.batch_norm(x, gamma, beta, self.norm.epsilon),
            lambda: (x * self.folded(arrays)[0] + self.folded(arrays)[1], *moving),
        )
        folding.move_statistics(self.norm, mean, variance, self.live())
        return y

    def file_weights(self, q_kernel):
        return q_kernel.reshape(1, 1, 1, -1)

    def options(self, rank):
        return {"padding": "VALID", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1,
                "depth_multiplier": 1}  # fmt: skip

    def lower(self, site, inputs, output):
        shape = output.shape
        if len(shape) == 4:
            return super().lower(site, inputs, output)
        image = (None, 1, int(np.prod(shape[1:-1])), shape[-1])
        grid = self.input_grid(numpy_arrays, site)
        entry = Activation(f"{output.name}/image", image, grid)
        (step,) = super().lower(site, [entry.name], Activation(f"{output.name}/scaled", image, output.grid))
        return [reshape_step(inputs[0], {}, entry), step, reshape_step(step.output.name, {}, output)]


_FIXED_GRIDS = {
    "softmax": Affine(np.float32(1 / 256), np.float32(-128)),
    "sigmoid": Affine(np.float32(1 / 256), np.float32(-128)),
    "tanh": Affine(np.float32(1 / 128), np.float32(0)),
    "log_softmax": Affine(np.float32(1 / 16), np.float32(127)),
}
# Of 16 bits: what the runtimes want of SOFTMAX, LOGISTIC and TANH.
_FIXED_GRID_16 = Affine(np.float32(1 / 32768), np.float32(0), -32768, 32767)
_TABLES = {"sigmoid": logistic, "tanh": tanh}
_ROWS = {"softmax": softmax, "log_softmax": log_softmax}
_CODES = {"softmax": "SOFTMAX", "log_softmax": "LOG_SOFTMAX", "sigmoid": "LOGISTIC", "tanh": "TANH"}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedActivation(QuantizedLayer):
    """SOFTMAX or LOG_SOFTMAX over the last axis, LOGISTIC or TANH: the runtimes fix their output's grid.

    Args: activation: its name in keras.ops. beta: of softmax alone, which multiplies its input by it.
    """

    has_range = False

    def __init__(self, activation: str, beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation
        self.beta = float(beta)

    def compute_output_shape(self, input_shape):
        return input_shape

    def grid(self, xp, site=0):
        return _FIXED_GRIDS[self.activation] if self.bits == 8 else _FIXED_GRID_16

    @property
    def options(self) -> dict[str, float]:
        """beta, which softmax alone has: it multiplies the input."""
        return {"beta": self.beta} if self.activation == "softmax" else {}

    def real(self, x, site):
        return getattr(ops, self.activation)(x if self.beta == 1.0 else x * np.float32(self.beta))

    def train(self, x, site):
        return straight_through(self.real(x, site), self.grid(arrays))

    def infer(self, x, site):
        grid, out = self.input_grid(arrays, site), self.grid(arrays)
        q = stored(x, grid)
        if self.activation in _ROWS:
            op = _ROWS[self.activation]
            constants = op.constants(arrays, self.profile, grid, **self.options)
            return real_of(op.integers(arrays, self.profile, constants, q), out)
        if self.bits > 8:
            return real_of(_TABLES[self.activation].integers(arrays, self.profile, grid, out, q), out)
        table = self.once("table", site, lambda: _TABLES[self.activation].table(arrays, self.profile, grid, out))
        return real_of(ops.take(table, ops.cast(q - np.float32(grid.qmin), "int32")), out)

    def lower(self, site, inputs, output):
        return [Step(_CODES[self.activation], tuple(inputs), output, self.options)]

    def get_config(self):
        return {**super().get_config(), "activation": self.activation, "beta": self.beta}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedRelu(QuantizedLayer):
    """RELU that nothing could fuse, on a grid of its own."""

    activation = "relu"

    def compute_output_shape(self, input_shape):
        return input_shape

    def pre_activation(self, x, site):
        return x

    def real(self, x, site):
        return ops.relu(x)

    def infer(self, x, site):
        grid, out = self.input_grid(arrays, site), self.grid(arrays, site)
        constants = relu.constants(arrays, self.profile, grid, out, "RELU")
        return real_of(relu.integers(arrays, self.profile, constants, stored(x, grid)), out)

    def lower(self, site, inputs, output):
        return [Step("RELU", tuple(inputs), output)]


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedRelu6(QuantizedLayer):
    """RELU6 that nothing could fuse, on its input's grid: TFLite Micro's kernel does not rescale."""

    has_range = False
    keeps_input_grid = True

    def compute_output_shape(self, input_shape):
        return input_shape

    def real(self, x, site):
        return ops.relu6(x)

    def train(self, x, site):
        return ops.relu6(x)

    def infer(self, x, site):
        grid = self.grid(arrays, site)
        constants = relu.constants(arrays, self.profile, grid, grid, "RELU6")
        return real_of(relu.integers(arrays, self.profile, constants, stored(x, grid)), grid)

    def lower(self, site, inputs, output):
        return [Step("RELU6", tuple(inputs), output)]
