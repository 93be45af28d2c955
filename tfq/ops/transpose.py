"""TRANSPOSE: stored values are copied in every profile.

xnnpack refuses to load unless 8-bit input and output share scale and zero point; litert and tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import XNNPACK_RANK, axes_of, given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, any_parameters, moved, operand, pinned, same_parameters, types_of
from tfq.tflite.model import Tensor

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: ("INT8", "INT16", "FLOAT32")}
SPEC = Spec(
    "TRANSPOSE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/transpose.cc; google/XNNPACK src/subgraph/static-transpose.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/transpose_common.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 5}
# TFLite Micro wants every axis counted from the front.
LEAST_AXIS = {LITERT: -8, XNNPACK: -8, TFLM: 0}


def _same_if_delegated(node: Node, *tensors: Tensor) -> None:
    x = tensors[0]
    delegated = pinned(node, 1) and len(x.shape) <= XNNPACK_RANK
    if x.type in ("INT8", "UINT8") and x.quantization is not None and delegated:
        same_parameters(node, *tensors)


CHECK_GRIDS = {LITERT: any_parameters, XNNPACK: _same_if_delegated, TFLM: any_parameters}


@dataclass(frozen=True)
class Params:
    """permutation: output axis i is input axis permutation[i]."""

    permutation: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The permutation. Raises Unsupported for types, ranks, what is no permutation, differing scales."""
    x = moved(node, profile, TYPES)
    require_rank(node, LARGEST_RANK[profile])
    permutation = np.asarray(operand(node, 1, "the permutation"), np.int64)
    CHECK_GRIDS[profile](node, x, node.outputs[0])
    if permutation.size != len(x.shape) or len(axes_of(node, permutation, len(x.shape))) != permutation.size:
        raise node.unsupported(f"a permutation of {len(x.shape)} axes is needed, received {permutation.tolist()}")
    if permutation.min(initial=0) < LEAST_AXIS[profile]:
        raise node.unsupported(f"axes must be counted from the front, received {permutation.tolist()}")
    return Params(tuple(int(axis) % len(x.shape) for axis in permutation))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their axis moves."""
    return rows_apart(node) and operand(node, 1, "the permutation")[0] % len(given(node).shape) == 0


def evaluate(params: Params, x, permutation=None) -> np.ndarray:
    """x -> its values with the axes in another order."""
    return np.ascontiguousarray(x.transpose(params.permutation))
