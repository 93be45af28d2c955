"""Layers that keep the grid of their input or average on it: pools, dropout, concatenation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.numerics.affine import CONSTANT_RANGE, SMALLEST_SQUARE, Affine
from tfq.ops import average_pool_2d, mean
from tfq.qat import arrays
from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Constant, Step
from tfq.qat.values import centered, real_of, stored


class SameGridLayer(QuantizedLayer):
    """A Keras layer whose output lies on its input's grid. Args: inner: that layer."""

    has_range = False
    keeps_input_grid = True

    def __init__(self, inner: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner

    def build(self, input_shape):
        if not self.inner.built:
            self.inner.build(input_shape)
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def real(self, x, site):
        return self.inner(x)

    def train(self, x, site):
        return self.inner(x)

    def infer(self, x, site):
        return self.inner(x)

    def get_config(self):
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(inner=keras.saving.deserialize_keras_object(config.pop("inner")), **config)


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedDropout(SameGridLayer):
    """Dropout while training; nothing in the file."""

    def train(self, x, site):
        return self.inner(x, training=True)

    def lower(self, site, inputs, output):
        return []


def fake_rounded(y: Any, grid: Affine) -> Any:
    """y, which lies inside the grid's range, rounded to the grid, straight-through."""
    return y + ops.stop_gradient(ops.round(y / grid.scale) * grid.scale - y)


def _cells_inside(size: tuple[int, int], layer: Any) -> np.ndarray:
    """How many cells of each window lie inside the image: int64 [1, OH, OW, 1]."""
    counts = []
    for length, pool, stride in zip(size, layer.pool_size, layer.strides, strict=True):
        same = layer.padding == "same"
        steps = -(-length // stride) if same else (length - pool) // stride + 1
        before = max((steps - 1) * stride + pool - length, 0) // 2 if same else 0
        first = np.arange(steps) * stride - before
        counts.append(np.minimum(first + pool, length) - np.maximum(first, 0))
    return (counts[0][:, None] * counts[1][None, :])[None, :, :, None]


def _pool_options(layer: Any) -> dict[str, Any]:
    return {
        "padding": layer.padding.upper(),
        "stride_h": int(layer.strides[0]),
        "stride_w": int(layer.strides[1]),
        "filter_height": int(layer.pool_size[0]),
        "filter_width": int(layer.pool_size[1]),
        "fused_activation_function": "NONE",
    }


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedMaxPool(SameGridLayer):
    """MAX_POOL_2D."""

    def lower(self, site, inputs, output):
        return [Step("MAX_POOL_2D", tuple(inputs), output, _pool_options(self.inner))]


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedAveragePool(SameGridLayer):
    """AVERAGE_POOL_2D: the mean of stored integers inside the image, halves away from zero."""

    def train(self, x, site):
        return fake_rounded(self.inner(x), self.grid(arrays, site))

    def infer(self, x, site):
        grid, inner = self.grid(arrays, site), self.inner
        inside = _cells_inside(x.shape[1:3], inner)
        window = ops.convert_to_tensor(np.ones((*inner.pool_size, x.shape[-1], 1), np.float32))
        total, codes = 0, stored(x, grid)
        high = ops.floor(codes * np.float32(1 / 256))
        # 16 bits go in two halves, since many of them leave float32's whole numbers.
        parts = [(codes, 1)] if grid.qmax <= 127 else [(high, 256), (codes - high * np.float32(256), 1)]
        for part, weight in parts:
            added = ops.round(ops.depthwise_conv(part, window, inner.strides, inner.padding))
            total = total + (added if grid.qmax <= 127 else ops.cast(added, "int32") * weight)
        bounds = (np.float32(grid.qmin), np.float32(grid.qmax))
        return real_of(average_pool_2d.integers(arrays, total, inside, bounds), grid)

    def lower(self, site, inputs, output):
        return [Step("AVERAGE_POOL_2D", tuple(inputs), output, _pool_options(self.inner))]


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedMean(QuantizedLayer):
    """MEAN over axes, on a grid of its own. Args: axes: counted from the batch, which is not among them. keepdims."""

    def __init__(self, axes: tuple[int, ...], keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axes = tuple(axes)
        self.keepdims = keepdims

    @property
    def smallest(self):
        """In 16 bits squares of small numbers, and their means, are no constants yet."""
        return SMALLEST_SQUARE if self.bits > 8 else CONSTANT_RANGE

    def compute_output_shape(self, input_shape):
        kept = [
            1 if i in self.axes else size for i, size in enumerate(input_shape) if self.keepdims or i not in self.axes
        ]
        return tuple(kept)

    def real(self, x, site):
        return ops.mean(x, axis=self.axes, keepdims=self.keepdims)

    def infer(self, x, site):
        grid, out = self.input_grid(arrays, site), self.grid(arrays, site)
        count = int(np.prod([x.shape[axis] for axis in self.axes]))
        constants = mean.constants(arrays, self.profile, grid, out, count)
        codes = centered(x, grid)
        if grid.qmax > 127:  # their sum leaves float32's whole numbers
            codes = ops.cast(codes, "int32")
        total = ops.sum(codes, axis=self.axes, keepdims=self.keepdims) + ops.cast(
            grid.zero_point * np.float32(count), codes.dtype
        )
        return real_of(mean.integers(arrays, self.profile, constants, total), out)

    def lower(self, site, inputs, output):
        axes = Constant(f"{output.name}/axes", np.array(self.axes, np.int32))
        return [Step("MEAN", (inputs[0], axes), output, {"keep_dims": self.keepdims})]

    def get_config(self):
        return {**super().get_config(), "axes": list(self.axes), "keepdims": self.keepdims}


class SharedRangeLayer(QuantizedLayer):
    """Inputs and the output share one range, that of the inputs together."""

    has_range = False
    keeps_input_grid = True
    sharing: int | None = None  # how many of the inputs, the first ones; None: all

    def connect(self, sources, site):
        super().connect(sources, site)
        merged: list[tuple[QuantizedLayer, int]] = []
        for layer, source_site in sources[: self.sharing]:
            owner, owner_site = layer.owner(source_site)
            merged += [member for member in owner.group(owner_site) if member not in merged]
        for member, member_site in merged:
            member.links.groups[member_site] = merged

    def train(self, inputs, site):
        return self.real(inputs, site)

    def infer(self, inputs, site):
        return self.real(inputs, site)


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedConcatenate(SharedRangeLayer):
    """CONCATENATION."""

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def compute_output_shape(self, input_shapes):
        return keras.layers.Concatenate(axis=self.axis).compute_output_shape(input_shapes)

    def real(self, inputs, site):
        return ops.concatenate(inputs, axis=self.axis)

    def lower(self, site, inputs, output):
        options = {
            "axis": self.axis if self.axis >= 0 else self.axis + len(output.shape),
            "fused_activation_function": "NONE",
        }
        return [Step("CONCATENATION", tuple(inputs), output, options)]

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedExtreme(SharedRangeLayer):
    """MAXIMUM or MINIMUM of two tensors. Args: kind: "maximum" or "minimum"."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def compute_output_shape(self, input_shapes):
        return keras.layers.Maximum().compute_output_shape(input_shapes)

    def real(self, inputs, site):
        return getattr(ops, self.kind)(*inputs)

    def lower(self, site, inputs, output):
        return [Step(self.kind.upper(), tuple(inputs), output)]

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}
