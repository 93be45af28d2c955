"""REDUCE_MAX and REDUCE_MIN along axes: the largest, or smallest, of the stored numbers as they are.

litert and tflm want one scale and zero point for input and output; XNNPACK does not look at them for 8 bits, and leaves
other integers to LiteRT's kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.checks import same_grid
from tfq.ops.contract import Node, Spec
from tfq.ops.reduce import Reduction, operands, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "REDUCE_MAX",
    ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/reduce.cc EvalType; google/XNNPACK src/operators/reduce-nd.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/reduce_common.cc EvalMinMaxHelper",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "FLOAT32")}
# Types for which the runtime wants one grid.
ONE_GRID = {LITERT: ("INT8", "UINT8", "INT16"), XNNPACK: ("INT16",), TFLM: ("INT8",)}


@dataclass(frozen=True)
class Params:
    """function: np.max or np.min."""

    function: Callable[..., np.ndarray]
    reduction: Reduction

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The extremes of x."""
        return np.asarray(self.function(x, axis=self.reduction.axes, keepdims=self.reduction.keep_dims))


def prepare(node: Node, profile: Profile) -> Params:
    """The reduction. Raises Unsupported for types, axes, and grids that the runtime refuses."""
    return prepare_extremes(node, profile, SPEC, np.max)


def prepare_extremes(node: Node, profile: Profile, spec: Spec, function: Callable[..., np.ndarray]) -> Params:
    """Shared with REDUCE_MIN."""
    x, y, reduction = operands(node, spec, profile, TYPES)
    scaled = x.quantization is not None or y.quantization is not None
    if x.type in ONE_GRID[profile] and scaled:
        same_grid(node, x, y)
        unary.centred_grids(node, x, y)
    return Params(function, reduction)


def evaluate(params: Params, x: np.ndarray, axes: np.ndarray | None = None) -> np.ndarray:
    """x -> its type, without the axes (or with size 1 there)."""
    return params(x)
