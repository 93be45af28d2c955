"""Moves: ops that only put stored integers elsewhere (reshape, transpose, slice, pad, gather, ...), one row each.

Real 0 is a grid point, so a pad is one too. What TFLite Micro lacks (TILE, REVERSE, broadcasting copies) is a gather of
constant indices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from tfq.qat.base import QuantizedLayer
from tfq.qat.program import Activation, Constant, Step

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """apply: (x, settings) -> y in keras.ops. lower: (input name, settings, output) -> the op; None: no op."""

    apply: Callable[[Any, Settings], Any]
    lower: Callable[[str, Settings, Activation], Step] | None


def _indices(output: Activation, what: str, values: Any) -> Constant:
    return Constant(f"{output.name}/{what}", np.array(values, np.int32))


def _reshape(x: Any, settings: Settings) -> Any:
    return ops.reshape(x, settings["shape"])


def reshape_step(source: str, settings: Settings, output: Activation) -> Step:
    """RESHAPE with the batch left free."""
    shape = [-1, *output.shape[1:]]
    return Step("RESHAPE", (source, _indices(output, "shape", shape)), output, {"new_shape": tuple(shape)})


def _transpose(x: Any, settings: Settings) -> Any:
    return ops.transpose(x, settings["axes"])


def _transpose_step(source: str, settings: Settings, output: Activation) -> Step:
    return Step("TRANSPOSE", (source, _indices(output, "axes", settings["axes"])), output)


def _pad(x: Any, settings: Settings) -> Any:
    return ops.pad(x, settings["paddings"])


def _pad_step(source: str, settings: Settings, output: Activation) -> Step:
    return Step("PAD", (source, _indices(output, "paddings", settings["paddings"])), output)


def _slice(x: Any, settings: Settings) -> Any:
    return x[(slice(None), *(slice(*part) for part in settings["slices"]))]


def _slice_step(source: str, settings: Settings, output: Activation) -> Step:
    """SLICE, or STRIDED_SLICE where a step is not 1. The slices are those of Python, without None and negatives."""
    slices = settings["slices"]
    if all(step == 1 for _, _, step in slices):
        begin, size = [0, *(b for b, _, _ in slices)], [-1, *output.shape[1:]]
        return Step("SLICE", (source, _indices(output, "begin", begin), _indices(output, "size", size)), output)
    parts = [[0, *(s[i] for s in slices)] for i in range(2)] + [[1, *(s[2] for s in slices)]]
    constants = [_indices(output, what, part) for what, part in zip(("begin", "end", "strides"), parts, strict=True)]
    options = {"begin_mask": 1, "end_mask": 1, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0,
               "offset": False}  # fmt: skip
    return Step("STRIDED_SLICE", (source, *constants), output, options)


def _gather(x: Any, settings: Settings) -> Any:
    return ops.take(x, np.array(settings["indices"], np.int32), axis=settings["axis"])


def _gather_step(source: str, settings: Settings, output: Activation) -> Step:
    options = {"axis": settings["axis"], "batch_dims": 0}
    return Step("GATHER", (source, _indices(output, "indices", settings["indices"])), output, options)


def _extreme(name: str) -> Move:
    def apply(x: Any, settings: Settings) -> Any:
        return getattr(ops, name)(x, axis=tuple(settings["axes"]), keepdims=settings["keepdims"])

    def lower(source: str, settings: Settings, output: Activation) -> Step:
        axes = _indices(output, "axes", settings["axes"])
        return Step(f"REDUCE_{name.upper()}", (source, axes), output, {"keep_dims": settings["keepdims"]})

    return Move(apply, lower)


def _nearest(x: Any, settings: Settings) -> Any:
    height, width = settings["factors"]
    return ops.repeat(ops.repeat(x, height, axis=1), width, axis=2)


def _nearest_step(source: str, settings: Settings, output: Activation) -> Step:
    size = _indices(output, "size", output.shape[1:3])
    return Step(
        "RESIZE_NEAREST_NEIGHBOR", (source, size), output, {"align_corners": False, "half_pixel_centers": False}
    )


def _stop_gradient(x: Any, settings: Settings) -> Any:
    return ops.stop_gradient(x)


# kind -> move. Settings: reshape shape (-1 first: the batch); transpose axes; pad paddings (one pair an axis, batch
# included); slice slices ([begin, end, step] of every axis but the batch); gather indices, axis; reduce_* axes,
# keepdims; repeat_2d factors (of height and width).
MOVES: dict[str, Move] = {
    "reshape": Move(_reshape, reshape_step),
    "transpose": Move(_transpose, _transpose_step),
    "pad": Move(_pad, _pad_step),
    "slice": Move(_slice, _slice_step),
    "gather": Move(_gather, _gather_step),
    "reduce_max": _extreme("max"),
    "reduce_min": _extreme("min"),
    "repeat_2d": Move(_nearest, _nearest_step),
    "stop_gradient": Move(_stop_gradient, None),
}


@keras.saving.register_keras_serializable(package="tfq")
class QuantizedMove(QuantizedLayer):
    """A move; the output lies on its input's grid. Args: kind: of MOVES. settings: what its row says."""

    has_range = False
    keeps_input_grid = True

    def __init__(self, kind: str, settings: Settings, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.settings = dict(settings)

    def compute_output_shape(self, input_shape):
        return moved_shape(self.kind, self.settings, input_shape)

    def real(self, x, site):
        return MOVES[self.kind].apply(x, self.settings)

    def train(self, x, site):
        return self.real(x, site)

    def infer(self, x, site):
        return self.real(x, site)

    def lower(self, site, inputs, output):
        step = MOVES[self.kind].lower
        return [] if step is None else [step(inputs[0], self.settings, output)]

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "settings": self.settings}


def moved_shape(kind: str, settings: Settings, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The shape of what the move gives for an input of this shape (None for the batch)."""
    return tuple(MOVES[kind].apply(keras.KerasTensor(shape, "float32"), settings).shape)
