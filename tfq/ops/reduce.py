"""What ops share that reduce a tensor along axes: their operands, and the order in which kernels take the elements."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.checks import XNNPACK_RANK, axes_of, constant, given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.tflite.model import Tensor

_LARGEST_RANK = {LITERT: 8, XNNPACK: XNNPACK_RANK, TFLM: 8}
_BYTES = ("INT8", "UINT8")


@dataclass(frozen=True)
class Reduction:
    """axes: counted from the front, ascending. count: elements that make one."""

    axes: tuple[int, ...]
    keep_dims: bool
    count: int

    def rows(self, x: np.ndarray) -> np.ndarray:
        """x as [..., count]: what makes one element lies side by side, in index order."""
        last = np.moveaxis(x, self.axes, range(-len(self.axes), 0))
        return last.reshape(*last.shape[: -len(self.axes)], self.count)

    def shaped(self, y: np.ndarray) -> np.ndarray:
        """Elements without the axes, with size 1 there where they are kept."""
        return np.expand_dims(y, self.axes) if self.keep_dims else y

    def total(self, x: np.ndarray) -> np.ndarray:
        """The exact sums of integers, int64."""
        return x.sum(axis=self.axes, dtype=np.int64, keepdims=self.keep_dims)


def operands(node: Node, spec: Spec, profile: Profile, types: unary.Types) -> tuple[Tensor, Tensor, Reduction]:
    """Input, output and reduction. Raises Unsupported for types, ranks, axes outside the tensor, nothing to reduce."""
    x, y = unary.alike(node, spec, profile, types)
    if given(node, 1).type != "INT32":
        raise node.unsupported(f"the axes must be INT32, received {given(node, 1).type}")
    if x.type in _BYTES:
        require_rank(node, _LARGEST_RANK[profile])
    axes = axes_of(node, constant(node, 1, "the axes"), len(x.shape))
    count = math.prod(x.shape[axis] for axis in axes) if axes else 0
    if not count:
        raise node.unsupported("there must be an axis and something along it")
    return x, y, Reduction(axes, bool(node.options.get("keep_dims", False)), count)


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the reduction runs over them."""
    axes = node.input(1)
    if not rows_apart(node) or axes is None or axes.data is None:
        return False
    return 0 not in constant(node, 1, "the axes") % len(given(node).shape)
