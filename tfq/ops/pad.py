"""PAD: a constant border that stands for real 0, the output's zero point; 0 without scale. Stored values are copied.

xnnpack refuses to load unless 8-bit input and output share scale and zero point; litert and tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import XNNPACK_RANK, given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import (
    any_parameters,
    moved,
    pairs,
    parameters,
    pinned,
    require_room,
    same_grid_if_delegated,
    types_of,
)
from tfq.tflite.model import Tensor

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}
SPEC = Spec(
    "PAD",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/pad.cc; google/XNNPACK src/subgraph/static-constant-pad.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/pad_common.cc",
)

# reference_ops::PadKernelMaxDimensionCount
MOST_AXES = 5


def _same_grid_if_delegated(node: Node, *tensors: Tensor) -> None:
    if pinned(node, 1):
        same_grid_if_delegated(node, *tensors)


CHECK_GRIDS = {LITERT: any_parameters, XNNPACK: _same_grid_if_delegated, TFLM: any_parameters}


def _built_in_rank(node: Node) -> int:
    return MOST_AXES


def _delegated_rank(node: Node) -> int:
    delegated = pinned(node, 1) and given(node).type in ("INT8", "UINT8", "FLOAT32")
    return XNNPACK_RANK if delegated else MOST_AXES


# Types whose border is the output's zero point; TFLite Micro takes that of int16 for 0.
WITH_ZERO_POINT = {LITERT: ("INT8", "UINT8", "INT16"), XNNPACK: ("INT8", "UINT8", "INT16"), TFLM: ("INT8",)}
LARGEST_RANK = {LITERT: _built_in_rank, XNNPACK: _delegated_rank, TFLM: _built_in_rank}


@dataclass(frozen=True, eq=False)
class Params:
    """paddings: (before, after) of each axis. value: of the border."""

    paddings: tuple[tuple[int, int], ...]
    value: int


def prepare(node: Node, profile: Profile) -> Params:
    """Border of the node. Raises Unsupported for types, ranks, paddings that do not fit, and differing scales."""
    x, y = moved(node, profile, TYPES), node.outputs[0]
    require_rank(node, LARGEST_RANK[profile](node))
    CHECK_GRIDS[profile](node, x, y)
    zero = x.type in WITH_ZERO_POINT[profile] and x.quantization is not None
    return Params(paddings_of(node), parameters(y)[1] if zero else 0)


def paddings_of(node: Node) -> tuple[tuple[int, int], ...]:
    """(before, after) of each axis of the first input."""
    shape = given(node).shape
    found = pairs(node, 1, "the paddings", len(shape))
    require_room(node, [size + before + after for size, (before, after) in zip(shape, found, strict=True)])
    return tuple(found)


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the border runs around them."""
    return rows_apart(node) and paddings_of(node)[0] == (0, 0)


def evaluate(params: Params, x, paddings=None) -> np.ndarray:
    """x -> its values, each axis longer by its two paddings."""
    return bordered(x, params.paddings, params.value)


def bordered(x: np.ndarray, paddings: tuple[tuple[int, int], ...], value) -> np.ndarray:
    """x inside a border of `value`."""
    sizes = [size + before + after for size, (before, after) in zip(x.shape, paddings, strict=True)]
    y = np.full(sizes, value, x.dtype)
    y[tuple(slice(before, before + size) for size, (before, _) in zip(x.shape, paddings, strict=True))] = x
    return y
