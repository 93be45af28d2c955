"""READ_VARIABLE: the value that a resource variable holds.

Before anything was assigned LiteRT refuses to run; TFLite Micro reads bytes that all equal the zero point (0 without
one), having filled the variable when it was loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import resources
from tfq.ops.contract import Context, Node, Spec
from tfq.tflite.model import Tensor

SPEC = Spec(
    "READ_VARIABLE",
    ("RESOURCE",),
    "google-ai-edge/LiteRT tflite/kernels/read_variable.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/micro_resource_variable.cc",
)


def nothing(tensor: Tensor) -> np.ndarray | None:
    """No value before the first assignment."""
    return None


def zero_points(tensor: Tensor) -> np.ndarray | None:
    """Each byte is the zero point's lowest one."""
    zero = 0 if tensor.quantization is None else int(tensor.quantization.zero_point[0])
    size = int(np.prod(tensor.shape, dtype=np.int64)) * tensor.dtype.itemsize
    return np.full(size, zero % 256, np.uint8).view(tensor.dtype).reshape(tensor.shape)


START: dict[Profile, Callable[[Tensor], np.ndarray | None]] = {
    LITERT: nothing,
    XNNPACK: nothing,
    TFLM: zero_points,
}


@dataclass(frozen=True, eq=False)
class Params:
    """start: the value before the first assignment. place: the op, for errors."""

    start: np.ndarray | None
    dtype: np.dtype
    place: str


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for another form than (resource) -> (value)."""
    resources.require(node, inputs=1, outputs=1)
    return Params(START[profile](node.outputs[0]), node.outputs[0].dtype, node.place)


def evaluate_within(context: Context, params: Params, handle: np.ndarray) -> np.ndarray:
    """handle: of the variable -> its value. Raises TfqError where it has none, or one of another type."""
    value = resources.value(context, handle)
    value = params.start if value is None else value
    if value is None:
        raise TfqError(f"{params.place}: variable {str(handle)!r} is read before anything was assigned to it")
    if value.dtype != params.dtype:
        raise TfqError(f"{params.place}: variable {str(handle)!r} holds {value.dtype}, the file says {params.dtype}")
    return value
