"""SHAPE: the sizes of a tensor's axes. Known when the file is loaded, unless shapes change while it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec

SPEC = Spec(
    "SHAPE",
    (),
    "google-ai-edge/LiteRT tflite/kernels/shape.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/shape.cc",
)
OUTPUTS = {LITERT: ("INT32", "INT64"), XNNPACK: ("INT32", "INT64"), TFLM: ("INT32",)}


@dataclass(frozen=True, eq=False)
class Params:
    """sizes: int32 or int64 [rank]."""

    sizes: np.ndarray


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported unless its one output has a type that the kernel gives."""
    if len(node.outputs) != 1 or node.outputs[0].type not in OUTPUTS[profile]:
        received = ", ".join(tensor.type for tensor in node.outputs)
        raise node.unsupported(f"{profile.name} gives {' or '.join(OUTPUTS[profile])}, received {received or 'none'}")
    return Params(np.asarray(given(node).shape, node.outputs[0].dtype))


def known(params: Params) -> np.ndarray:
    """The sizes."""
    return params.sizes


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: any -> [rank]."""
    return params.sizes
