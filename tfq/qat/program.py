"""What a quantized Keras model lowers to: plain nodes and NumPy arrays, without a trace of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfq.numerics.affine import Affine


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant operand. data: in the file's layout. scale, zero_point: arrays if quantized. axis: of the channels.

    type: in the schema's words, where it is not that of the data ("INT4").
    """

    name: str
    data: np.ndarray
    scale: np.ndarray | None = None
    zero_point: np.ndarray | None = None
    axis: int = 0
    type: str | None = None


@dataclass(frozen=True, eq=False)
class Activation:
    """A tensor between ops. shape: with None for the batch (and for nothing else).

    grid: int8 or int16, NumPy scalars; None for a tensor without scale. type: of a tensor without scale, as the schema
    names it: FLOAT32 around a layer that the recipe leaves out, INT32 for indices.
    """

    name: str
    shape: tuple[int | None, ...]
    grid: Affine | None
    type: str = "FLOAT32"


@dataclass(frozen=True, eq=False)
class Step:
    """One TFLite op. inputs: names of activations, constants, None where absent. options: the schema's, snake_case."""

    code: str
    inputs: tuple[str | Constant | None, ...]
    output: Activation
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Program:
    """The whole network in execution order.

    inputs, outputs: (signature name, activation name) in the model's order. activations of the inputs in `entries`.
    recipe: the plain values that go into the file's metadata.
    """

    entries: tuple[Activation, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    recipe: Mapping[str, Any]
