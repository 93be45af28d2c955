"""Row: one Keras layer, operation or structure in a small model. Inputs: what the models of a table take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

import tfq

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """N(0, 1)."""
    return rng.normal(0, 1, shape).astype(np.float32)


def between(lo: float, hi: float) -> Draw:
    """Uniform."""
    return lambda rng, shape: rng.uniform(lo, hi, shape).astype(np.float32)


def indices(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers below 8."""
    return rng.integers(0, 8, shape).astype(np.int32)


@dataclass(frozen=True)
class Inputs:
    """Shapes without the batch, and how their elements are drawn."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    draw: Draw = normal

    def tensors(self) -> list[Any]:
        """Fresh inputs of a model."""
        dtype = "int32" if self.draw is indices else "float32"
        return [keras.Input(shape, dtype=dtype) for shape in self.shapes]


@dataclass(frozen=True, eq=False)
class Row:
    """One line of the table.

    name: as users write it: a layer's, `ops.` an operation's, or words for a structure. make: of the inputs' tensors,
    gives the output or outputs; for a structure (inputs None) of nothing, gives the model. floor: signal to
    quantization noise in dB that the worst output must reach. refused: part of the sentence that quantize refuses it
    with. alone: whether it must have a model of its own. others: names of layers and operations that it has as well.
    """

    name: str
    inputs: Inputs | None
    make: Callable[..., Any]
    floor: float = 25.0
    note: str = ""
    refused: str = ""
    alone: bool = False
    slow: bool = False
    others: tuple[str, ...] = ()
    recipe: tfq.Recipe = tfq.Recipe()

    def __str__(self) -> str:
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the row covers."""
        return (self.name, *self.others)


_SPELLED = {
    "RMSNorm": "ops.rms_normalization", "LayerNorm": "ops.layer_normalization", "GetItem": "x[...]",
    "GroupedQueryAttention": "GroupQueryAttention", "Abs": "ops.absolute",
    "Mish": "Activation",  # by name only: keras.activations.mish takes no symbolic tensors
}  # fmt: skip


def spelled(cls: type) -> str:
    """How users call a Keras layer or the operation behind a function of keras.ops: "Conv2D", "ops.max_pool"."""
    if ".layers." in cls.__module__:
        return _SPELLED.get(cls.__name__, cls.__name__)
    room = "activations" if ".activations." in cls.__module__ else "ops"
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
    return _SPELLED.get(cls.__name__, f"{room}.{snake}" if room == "ops" else f"{room}.{cls.__name__.lower()}")
