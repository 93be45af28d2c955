"""SHAPE: the sizes of the input's axes, known at load where the file pins them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, INDICES, require_output, taken_type, types_of

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: COPIED}
OUTPUT_TYPES = {LITERT: INDICES, XNNPACK: INDICES, TFLM: ("INT32",)}
SPEC = Spec(
    "SHAPE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/shape.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/shape.cc",
)


@dataclass(frozen=True, eq=False)
class Params:
    """sizes: int32 or int64 [axes]."""

    sizes: np.ndarray


def prepare(node: Node, profile: Profile) -> Params:
    """The sizes. Raises Unsupported for types."""
    x = taken_type(node, profile, TYPES)
    return Params(np.asarray(x.shape, require_output(node, 0, *OUTPUT_TYPES[profile]).dtype))


def known(params: Params) -> np.ndarray:
    """The output: the values of x do not matter."""
    return params.sizes


def evaluate(params: Params, x) -> np.ndarray:
    """x -> its sizes, [axes]."""
    return params.sizes
