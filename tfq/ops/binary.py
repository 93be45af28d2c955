"""What ops of two operands and one output share: checks, and 8-bit arithmetic done once for each pair of codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tfq.errors import Unsupported
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.blocks import by_rows
from tfq.ops.checks import given, grid_of
from tfq.ops.contract import Node

# The table of 65,536 pairs is made for the first tensors of this size: looking up is 20 to 60 times faster than the
# two-rounding arithmetic, so that it pays after a few runs.
WORTH_A_TABLE = 2**12
# The runtimes count elements in 32 bits, and two small operands can broadcast to any size.
_MOST_ELEMENTS = 2**28
_BYTES = np.arange(256, dtype=np.uint8)


def broadcast_size(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Elements of what the shapes broadcast to. Raises Unsupported where they do not, or to too many."""
    try:
        size = math.prod(np.broadcast_shapes(a, b))
    except ValueError:
        raise Unsupported(f"shapes {list(a)} and {list(b)} do not broadcast") from None
    if size > _MOST_ELEMENTS:
        raise Unsupported(
            f"shapes {list(a)} and {list(b)} broadcast to {size} values, expected {_MOST_ELEMENTS} or fewer"
        )
    return size


def require_broadcast(node: Node) -> None:
    """Raises Unsupported where the two inputs' shapes do not broadcast."""
    try:
        broadcast_size(given(node, 0).shape, given(node, 1).shape)
    except Unsupported as error:
        raise node.unsupported(str(error)) from None


def require_ends(node: Node, inputs: int) -> None:
    """Raises Unsupported unless the op has that many inputs and one output."""
    received = len(node.inputs), len(node.outputs)
    if received != (inputs, 1):
        raise node.unsupported(f"it must have {inputs} inputs and 1 output, received {received[0]} and {received[1]}")


def require_types(node: Node, profile: Profile, taken: Mapping[Profile, tuple[str, ...]], output: str = "") -> str:
    """The type of both operands. Raises Unsupported unless the profile's kernel takes it, for both and for the output.

    output: the output's type, where it is not the operands'. Shapes must broadcast.
    """
    require_ends(node, 2)
    first, second = given(node, 0).type, given(node, 1).type
    if first not in taken[profile]:
        raise node.unsupported(f"{profile.name} takes {', '.join(taken[profile]) or 'no type'}, received {first}")
    expected, received = (first, output or first), (second, node.outputs[0].type)
    if received != expected:
        raise node.unsupported(
            f"the first input is {first}: second input and output must be {' and '.join(expected)}, "
            f"received {' and '.join(received)}"
        )
    require_broadcast(node)
    return first


# Whether the kernel sets its output's type to that of its second input.
_SETS_TYPE = {LITERT: True, XNNPACK: True, TFLM: False}


def type_of_second(node: Node, profile: Profile) -> str | None:
    """The type that LiteRT gives the output of ADD and SUB while it loads. TFLite Micro keeps the file's.

    Source: google-ai-edge/LiteRT tflite/kernels/add.cc and sub.cc Prepare, `output->type = input2->type`.
    """
    second = node.input(1)
    return second.type if second is not None and _SETS_TYPE[profile] else None


def all_types(taken: Mapping[Profile, tuple[str, ...]]) -> tuple[str, ...]:
    """The types that one profile or another takes, each once, for a SPEC."""
    return tuple(dict.fromkeys(name for names in taken.values() for name in names))


def grids(node: Node) -> tuple[Affine, Affine, Affine]:
    """The affine maps of the operands and the output. Raises Unsupported where one is missing or per channel."""
    a, b, out = (grid_of(node, tensor) for tensor in (node.input(0), node.input(1), node.outputs[0]))
    return a, b, out


def require_symmetric(node: Node, *symmetric: Affine) -> None:
    """Raises Unsupported for a zero point other than 0, as the runtimes' 16-bit kernels do."""
    received = [int(grid.zero_point) for grid in symmetric]
    if any(received):
        raise node.unsupported(f"zero points must be 0, received {received}")


@dataclass(frozen=True, eq=False)
class Params:
    """integers: (a, b) -> the output's values, whole numbers for integers, for operands that broadcast.

    dtype: of the output. operand: of 8-bit operands whose pairs are worth a table, else None.
    """

    integers: Callable[[Any, Any], Any]
    dtype: np.dtype
    operand: np.dtype | None

    @cached_property
    def outputs(self) -> np.ndarray:
        """[65536]: the output of each pair of bytes read as unsigned, the first operand's the higher."""
        codes = _BYTES.view(np.int8 if self.operand is None else self.operand)
        outputs = np.broadcast_to(self.integers(codes[:, None], codes[None, :]), (256, 256))
        return outputs.astype(self.dtype).reshape(-1)


def params_of(node: Node, integers: Callable[[Any, Any], Any]) -> Params:
    """Params with the types of the node's tensors; 8-bit operands' outputs are looked up."""
    operand = given(node).dtype
    return Params(integers, node.outputs[0].dtype, operand if operand.itemsize == 1 else None)


def direct(node: Node, function: Callable[[Any, Any], Any]) -> Params:
    """Params of a function that is as fast as a table."""
    return Params(function, node.outputs[0].dtype, None)


def evaluate(params: Params, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a, b: shapes that broadcast -> the op's output. Raises Unsupported where they do not."""
    size = broadcast_size(a.shape, b.shape)
    if params.operand is None or size < WORTH_A_TABLE:
        return by_rows(lambda a, b: np.asarray(params.integers(a, b)).astype(params.dtype, copy=False), a, b)
    pairs = a.view(np.uint8).astype(np.uint16) * np.uint16(256) + b.view(np.uint8)
    return params.outputs.take(pairs, mode="wrap")
