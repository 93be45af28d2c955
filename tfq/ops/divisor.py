"""What ops that divide share: their runtimes stop at a zero divisor, or have no result for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.ops import binary
from tfq.ops.contract import Node

_LOWEST = {"INT8": -(2**7), "INT16": -(2**15), "INT32": -(2**31), "INT64": -(2**63)}
# Divided by the processor, the lowest of these by -1 traps, and the process dies.
TRAPPED = ("INT32", "INT64")


@dataclass(frozen=True, eq=False)
class Params:
    """quotient: the op where the divisor is not zero. check: (a, b), raises Unsupported where the runtime stops."""

    quotient: binary.Params
    check: Callable[[Any, Any], None]


def zero_checked(node: Node, quotient: binary.Params, zero: int = 0) -> Params:
    """Params of an op that refuses divisors equal to `zero`, a stored number."""

    def check(a: np.ndarray, b: np.ndarray) -> None:
        if (b == zero).any():
            raise node.unsupported(f"the divisor holds {zero} {int((b == zero).sum())} times, which is zero")

    return Params(quotient, check)


def overflow_checked(node: Node, quotient: binary.Params, types: tuple[str, ...] = TRAPPED) -> Params:
    """As zero_checked; of these types the lowest number divided by -1 is refused too, having no defined result."""
    zero, type_ = zero_checked(node, quotient), node.outputs[0].type
    if type_ not in types:
        return zero
    lowest = _LOWEST[type_]

    def check(a: np.ndarray, b: np.ndarray) -> None:
        zero.check(a, b)
        if (b == -1).any() and ((a == lowest) & (b == -1)).any():
            raise node.unsupported(f"{lowest} divided by -1 overflows: the runtime has no defined result, or dies")

    return Params(quotient, check)


def unchecked(node: Node, quotient: binary.Params) -> Params:
    """Params of an op for which every divisor is fine."""
    return Params(quotient, lambda a, b: None)


def evaluate(params: Params, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a, b: shapes that broadcast -> the quotients. Raises Unsupported for divisors that the runtime refuses."""
    binary.broadcast_size(a.shape, b.shape)
    params.check(a, b)
    return binary.evaluate(params.quotient, a, b)
