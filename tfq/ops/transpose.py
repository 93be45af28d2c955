"""TRANSPOSE by a constant permutation: stored integers are copied in every profile.

xnnpack refuses to load unless input and output share scale and zero point; litert and tflm do not look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import any_grid, axes_of, constant, given, require_rank, same_grid
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "TRANSPOSE",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/transpose.cc; google/XNNPACK src/subgraph/static-transpose.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/transpose_common.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 5}
# TFLite Micro wants every axis counted from the front.
LEAST_AXIS = {LITERT: -8, XNNPACK: -8, TFLM: 0}
CHECK_GRIDS = {LITERT: any_grid, XNNPACK: same_grid, TFLM: any_grid}


@dataclass(frozen=True)
class Params:
    """permutation: output axis i is input axis permutation[i]."""

    permutation: tuple[int, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The permutation. Raises Unsupported for types, one that is not constant or no permutation, differing scales."""
    node.require_types(SPEC)
    x = given(node)
    require_rank(node, LARGEST_RANK[profile])
    CHECK_GRIDS[profile](node, x, node.outputs[0])
    permutation = constant(node, 1, "the permutation")
    if permutation.size != len(x.shape) or len(axes_of(node, permutation, len(x.shape))) != permutation.size:
        raise node.unsupported(f"a permutation of {len(x.shape)} axes is needed, received {permutation.tolist()}")
    if permutation.min(initial=0) < LEAST_AXIS[profile]:
        raise node.unsupported(f"axes must be counted from the front, received {permutation.tolist()}")
    return Params(tuple(int(axis) % len(x.shape) for axis in permutation))


def stacks(node: Node) -> bool:
    """Samples may be stacked unless their axis moves."""
    return rows_apart(node) and constant(node, 1, "the permutation")[0] % len(given(node).shape) == 0


def evaluate(params: Params, x, permutation=None) -> np.ndarray:
    """x: int8 -> int8."""
    return np.ascontiguousarray(x.transpose(params.permutation))
