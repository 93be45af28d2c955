"""What int8 ops of two inputs and one output share: their arithmetic, done once for each pair of codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tfq.ops.checks import given
from tfq.ops.contract import Node

# The table of 65,536 pairs is made for the first tensors of this size: looking up is 20 to 60 times faster than the
# two-rounding arithmetic, so that it pays after a few runs.
WORTH_A_TABLE = 2**12


def require_broadcast(node: Node) -> None:
    """Raises Unsupported where the two inputs' shapes do not broadcast."""
    a, b = given(node, 0).shape, given(node, 1).shape
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        raise node.unsupported(f"shapes {list(a)} and {list(b)} do not broadcast") from None


@dataclass(frozen=True, eq=False)
class Params:
    """integers: (qa, qb) -> stored outputs, for stored inputs that broadcast."""

    integers: Callable[[Any, Any], Any]

    @cached_property
    def outputs(self) -> np.ndarray:
        """int8 [65536]: the output of each pair of bytes read as unsigned, the first operand's the higher."""
        codes = np.arange(256, dtype=np.uint8).view(np.int8)
        outputs = np.broadcast_to(self.integers(codes[:, None], codes[None, :]), (256, 256))
        return outputs.astype(np.int8).reshape(-1)


def evaluate(params: Params, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a, b: int8, shapes that broadcast -> int8."""
    if math.prod(np.broadcast_shapes(a.shape, b.shape)) < WORTH_A_TABLE:
        return params.integers(a, b).astype(np.int8)
    pairs = a.view(np.uint8).astype(np.uint16) * np.uint16(256) + b.view(np.uint8)
    return params.outputs.take(pairs, mode="wrap")
