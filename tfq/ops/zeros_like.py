"""ZEROS_LIKE: stored zeros in the input's shape, whatever its zero point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import moved, types_of

TYPES = {
    LITERT: ("INT32", "INT64", "FLOAT32"),
    XNNPACK: ("INT32", "INT64", "FLOAT32"),
    TFLM: ("INT8", "INT32", "INT64", "FLOAT32"),
}
SPEC = Spec(
    "ZEROS_LIKE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/zeros_like.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/zeros_like.cc",
)

stacks = rows_apart


@dataclass(frozen=True)
class Params:
    """Nothing: the input's shape and type decide."""


def prepare(node: Node, profile: Profile) -> Params:
    """Nothing. Raises Unsupported for types."""
    moved(node, profile, TYPES)
    return Params()


def evaluate(params: Params, x) -> np.ndarray:
    """x -> zeros."""
    return np.zeros_like(x)
