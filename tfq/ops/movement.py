"""What ops share that move, select or shape data: types, grids that a runtime wants equal, operands, sizes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.checks import XNNPACK_RANK, constant, given
from tfq.ops.contract import NeedsValue, Node
from tfq.tflite.model import Tensor

Types = Mapping[Profile, tuple[str, ...]]

# Types whose values a byte copy takes, whatever they mean.
COPIED = (
    *("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64"),
    *("BOOL", "FLOAT32", "FLOAT16", "FLOAT64", "COMPLEX64"),
)
INDICES = ("INT32", "INT64")

# The runtimes count bytes in 32 bits and fail on the way; a few bytes of operands can ask for any size.
_MOST_BYTES = 2**28


def types_of(taken: Types) -> tuple[str, ...]:
    """The types that one runtime or another takes, each once, for a SPEC."""
    return tuple(dict.fromkeys(name for names in taken.values() for name in names))


def taken_type(node: Node, profile: Profile, taken: Types, position: int = 0) -> Tensor:
    """The input at that position. Raises Unsupported for a type that the profile's runtime does not take there."""
    tensor = given(node, position)
    if tensor.type not in taken[profile]:
        names = ", ".join(taken[profile])
        raise node.unsupported(
            f"{profile.name} takes {names} for input {position}, received {tensor.type}"
            if names
            else f"{profile.name} has no such op"
        )
    return tensor


def moved(node: Node, profile: Profile, taken: Types, position: int = 0, outputs: int | None = None) -> Tensor:
    """The input whose values go to the output. Raises Unsupported for types that the profile's runtime does not take.

    The first `outputs` outputs (all of them, where it is None) must have the input's type.
    """
    tensor = taken_type(node, profile, taken, position)
    wrong = [y.type for y in node.outputs[:outputs] if y.type != tensor.type]
    if wrong:
        raise node.unsupported(f"outputs must be {tensor.type} as the input, received {', '.join(wrong)}")
    return tensor


def require_type(node: Node, position: int, *types: str) -> Tensor:
    """The input at that position. Raises Unsupported unless it has one of the types."""
    tensor = given(node, position)
    if tensor.type not in types:
        raise node.unsupported(f"input {position} must be {' or '.join(types)}, received {tensor.type}")
    return tensor


def require_output(node: Node, position: int, *types: str) -> Tensor:
    """The output at that position. Raises Unsupported unless it is there and has one of the types."""
    received = node.outputs[position].type if position < len(node.outputs) else "nothing"
    if received not in types:
        raise node.unsupported(f"output {position} must be {' or '.join(types)}, received {received}")
    return node.outputs[position]


def parameters(tensor: Tensor) -> tuple[float, int]:
    """Scale and zero point as LiteRT's kernels see them: 0.0 and 0 for a tensor without one scale for all of it."""
    affine = tensor.quantization
    if affine is None or affine.scale.size != 1:
        return 0.0, 0
    return float(affine.scale[0]), int(affine.zero_point[0])


def any_parameters(node: Node, *tensors: Tensor) -> None:
    """The kernel looks at no scale."""


def same_parameters(node: Node, *tensors: Tensor) -> None:
    """Raises Unsupported unless all tensors have the same scale and zero point, or none."""
    received = [parameters(tensor) for tensor in tensors]
    if any(pair != received[0] for pair in received):
        pairs = ", ".join(f"{scale:.9g} / {zero_point}" for scale, zero_point in received)
        raise node.unsupported(
            f"inputs and outputs must share scale and zero point, received {pairs}; put a QUANTIZE before it"
        )


def same_parameters_in_8_or_16_bits(node: Node, *tensors: Tensor) -> None:
    """As same_parameters, for int8, uint8 and int16; the zero point of int16 must be 0."""
    if tensors[0].type not in ("INT8", "UINT8", "INT16"):
        return
    same_parameters(node, *tensors)
    zero_points = [parameters(tensor)[1] for tensor in tensors]
    if tensors[0].type == "INT16" and any(zero_points):
        raise node.unsupported(f"zero points of INT16 must be 0, received {zero_points}")


def pinned(node: Node, *positions: int) -> bool:
    """Whether the operands at these positions are constants of the file. XNNPACK takes no others.

    Source: google-ai-edge/LiteRT tflite/delegates/xnnpack/xnnpack_delegate.cc CheckTensorStaticAllocation.
    """
    return node.computed.isdisjoint(positions)


def same_grid_if_delegated(node: Node, *tensors: Tensor) -> None:
    """Raises Unsupported for 8-bit tensors on different grids, which XNNPACK takes and then fails on.

    What has no scale, or more than six axes, stays with LiteRT's kernel, which does not look.
    """
    eight_bits = all(tensor.type in ("INT8", "UINT8") for tensor in tensors)
    if eight_bits and all(t.quantization is not None and len(t.shape) <= XNNPACK_RANK for t in tensors):
        same_parameters(node, *tensors)


def require_room(node: Node, shape: Sequence[int]) -> None:
    """Raises Unsupported where the first output, of that shape, takes more than 256 MiB or has a size below 0."""
    if min(shape, default=0) < 0:
        raise node.unsupported(f"the output's sizes must be 0 or more, received {list(shape)}")
    if math.prod(shape) * node.outputs[0].dtype.itemsize > _MOST_BYTES:
        raise node.unsupported(f"an output of shape {list(shape)} takes more than {_MOST_BYTES} bytes")


def value_of(node: Node, position: int, name: str) -> np.ndarray:
    """The operand as it is. Where it is computed, raises NeedsValue: the output's shape depends on it."""
    data = given(node, position).data
    if data is None:
        raise NeedsValue(str(node.unsupported(f"{name} must be a constant")), position)
    return data


def operand(node: Node, position: int, name: str, count: int | None = None) -> list[int]:
    """The integers of a constant operand: a shape, axes, paddings. Raises Unsupported unless there are `count` of them.

    Also for other types than int32 and int64. Where the operand is computed, raises NeedsValue.
    """
    require_type(node, position, *INDICES)
    values = [int(value) for value in constant(node, position, name)]
    if count is not None and len(values) != count:
        raise node.unsupported(f"{name}: {count} integers are needed, received {len(values)}")
    return values


def pairs(node: Node, position: int, name: str, count: int) -> list[tuple[int, int]]:
    """`count` pairs of integers of 0 or more: the two ends of each axis."""
    flat = operand(node, position, name, 2 * count)
    if min(flat, default=0) < 0:
        raise node.unsupported(f"{name} must be 0 or more, received {flat}")
    return list(zip(flat[::2], flat[1::2], strict=True))


def one_value(node: Node, position: int) -> Tensor:
    """The input at that position. Raises Unsupported unless it holds one value, in whatever shape."""
    tensor = given(node, position)
    if math.prod(tensor.shape) != 1:
        raise node.unsupported(f"input {position} must hold one value, received shape {list(tensor.shape)}")
    return tensor


def axis_in(node: Node, axis: int, rank: int) -> int:
    """The axis counted from the front. Raises Unsupported for one outside the tensor."""
    if not -rank <= axis < rank:
        raise node.unsupported(f"the axis must be in [{-rank}, {rank}), received {axis}")
    return axis % rank


def require_indices(node: Node, indices: np.ndarray, size: int | np.ndarray) -> None:
    """Raises Unsupported for an index, computed or not, outside [0, size)."""
    outside = (indices < 0) | (indices >= size)
    if outside.any():
        raise node.unsupported(f"indices must be in [0, {size}), received {indices[outside].reshape(-1)[0]}")
