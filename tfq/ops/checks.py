"""Refusals and readings that several ops share."""

from __future__ import annotations

import numpy as np

from tfq.numerics.affine import Affine
from tfq.ops.contract import NeedsValue, Node, affine_of
from tfq.tflite.model import Tensor

# TFLite Micro's pooling takes scales for equal up to this much, in real units per step.
_SCALE_TOLERANCE = 1e-6
_XNNPACK_ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
# Of one op: 10 to 100 times the largest layer of an image network, a minute's work.
MOST_STEPS = 2**36
# XNN_MAX_TENSOR_DIMS
XNNPACK_RANK = 6


def given(node: Node, position: int = 0) -> Tensor:
    """The input at that position. Raises Unsupported where it is missing."""
    tensor = node.input(position)
    if tensor is None:
        raise node.unsupported(f"input {position} is missing")
    return tensor


def grid_of(node: Node, tensor: Tensor | None) -> Affine:
    """The affine map of an activation: one scale for the whole tensor.

    Raises Unsupported for no scale or several, and for another type than the first input's.
    """
    if tensor is None:
        raise node.unsupported("an input is missing")
    if tensor.type != given(node).type:
        raise node.unsupported(f"tensor {tensor.name!r} must be {given(node).type}, received {tensor.type}")
    grid = affine_of(node, tensor)
    if np.ndim(grid.scale) != 0:
        raise node.unsupported(f"tensor {tensor.name!r} must have one scale, received {np.size(grid.scale)}")
    return grid


def any_grid(node: Node, *tensors: Tensor | None) -> None:
    """The kernel copies stored integers and looks at no scale."""


def same_grid(node: Node, *tensors: Tensor | None) -> None:
    """Raises Unsupported unless all tensors have one scale and one zero point, as the runtime does at load."""
    _require_close(node, tensors, 0.0)


def nearly_same_grid(node: Node, *tensors: Tensor | None) -> None:
    """As same_grid, but scales may differ by 1e-6. Source: tflite-micro kernels/pooling_common.cc PoolingPrepare."""
    _require_close(node, tensors, _SCALE_TOLERANCE)


def _require_close(node: Node, tensors: tuple[Tensor | None, ...], tolerance: float) -> None:
    *inputs, output = (grid_of(node, tensor) for tensor in tensors)
    for position, grid in enumerate(inputs):
        far = abs(float(grid.scale) - float(output.scale)) > tolerance
        if far or grid.zero_point != output.zero_point:
            raise node.unsupported(
                f"inputs and output must share scale and zero point, received {_words(grid)} for input {position} "
                f"and {_words(output)} for the output; put a QUANTIZE before it"
            )


def _words(grid: Affine) -> str:
    return f"{float(grid.scale):.9g} / {int(grid.zero_point)}"


def xnnpack_takes(node: Node) -> bool:
    """Whether types, activation and ranks of an element-wise op are such that LiteRT hands it to XNNPACK.

    Source: google-ai-edge/LiteRT tflite/delegates/xnnpack/xnnpack_delegate.cc ConvertActivationToOutputRange.
    """
    known = node.options.get("fused_activation_function", "NONE") in _XNNPACK_ACTIVATIONS and not node.retyped
    return known and all(len(tensor.shape) <= XNNPACK_RANK for tensor in node.inputs if tensor is not None)


def require_rank(node: Node, most: int) -> None:
    """Raises Unsupported where the first input has more axes than the profile's kernel takes."""
    shape = given(node).shape
    if len(shape) > most:
        raise node.unsupported(f"the runtime takes up to {most} axes, received shape {list(shape)}")


def require_work(node: Node, steps: int) -> None:
    """Raises Unsupported where one sample takes more products or sums than a model that is meant to be run."""
    if steps > MOST_STEPS:
        raise node.unsupported(f"one sample takes {steps} products or sums, tfq's limit is {MOST_STEPS}")


def constant(node: Node, position: int, name: str) -> np.ndarray:
    """The values of a constant operand, int64 [n].

    Raises: Unsupported where it is missing, NeedsValue where it is computed.
    """
    data = given(node, position).data
    if data is None:
        raise NeedsValue(str(node.unsupported(f"{name} must be a constant")), position)
    return np.asarray(data, np.int64).reshape(-1)


def axes_of(node: Node, axes: np.ndarray, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, ascending, each once. Raises Unsupported for one outside the tensor."""
    wrong = [int(axis) for axis in axes if not -rank <= axis < rank]
    if wrong:
        raise node.unsupported(f"axes must be in [{-rank}, {rank}), received {wrong}")
    return tuple(sorted({int(axis) % rank for axis in axes}))
