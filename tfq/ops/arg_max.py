"""ARG_MAX: where along an axis the largest stored value is, the first of equal ones. Scales are not looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import INDICES, axis_in, operand, require_output, taken_type, types_of

_LITERT_TYPES = ("INT8", "UINT8", "INT32", "BOOL", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "FLOAT32")}
OUTPUT_TYPES = {LITERT: INDICES, XNNPACK: INDICES, TFLM: ("INT32",)}
SPEC = Spec(
    "ARG_MAX",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/arg_min_max.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/arg_min_max.cc",
)


@dataclass(frozen=True, eq=False)
class Params:
    """search: np.argmax or np.argmin. axis: counted from the front. dtype: of the indices."""

    search: Callable[..., Any]
    axis: int
    dtype: np.dtype


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, an axis out of range, an axis without cells."""
    return prepare_search(node, profile, np.argmax)


def prepare_search(node: Node, profile: Profile, search: Callable[..., Any]) -> Params:
    """Shared with ARG_MIN."""
    x = taken_type(node, profile, TYPES)
    dtype = require_output(node, 0, *OUTPUT_TYPES[profile]).dtype
    axis = _axis(node)
    if not x.shape[axis]:
        raise node.unsupported(f"axis {axis} of shape {list(x.shape)} has no cells")
    return Params(search, axis, dtype)


def _axis(node: Node) -> int:
    return axis_in(node, operand(node, 1, "the axis", 1)[0], len(given(node).shape))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless they are what is compared."""
    x = given(node)
    return x.data is None and len(x.shape) > 1 and x.shape[0] == 1 and _axis(node) != 0


def evaluate(params: Params, x, axis=None) -> np.ndarray:
    """x -> int32 or int64, without the axis."""
    return np.asarray(params.search(x, axis=params.axis)).astype(params.dtype)
