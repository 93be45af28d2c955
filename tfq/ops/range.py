"""RANGE: start, start + delta, ... up to before limit.

float32: ceil(|(limit - start) / delta|) values, each the one before plus delta, rounded every time.
tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import moved, require_room, require_type, types_of, value_of

TYPES = {LITERT: ("INT32", "INT64", "FLOAT32"), XNNPACK: ("INT32", "INT64", "FLOAT32"), TFLM: ()}
SPEC = Spec("RANGE", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/range.cc")


@dataclass(frozen=True, eq=False)
class Params:
    """start, delta: of the output's type. count: of values."""

    start: np.ndarray
    delta: np.ndarray
    count: int


def prepare(node: Node, profile: Profile) -> Params:
    """Start, step and count. Raises Unsupported for types, operands with axes, and a delta that leads away."""
    kind = moved(node, profile, TYPES).type
    operands = [require_type(node, i, kind) for i in range(3)]
    if any(tensor.shape for tensor in operands):
        raise node.unsupported(f"start, limit and delta must have no axes, received {[t.shape for t in operands]}")
    start, limit, delta = (value_of(node, i, name) for i, name in enumerate(("start", "limit", "delta")))
    if not ((start >= limit and delta < 0) or (start <= limit and delta > 0)):
        raise node.unsupported(f"steps of {delta} do not lead from {start} to {limit}")
    if kind == "FLOAT32":
        with np.errstate(over="ignore"):
            steps = float(np.ceil(np.abs((limit - start) / delta)))
        count = int(min(steps, 2.0**40))
    else:
        count = -(-abs(int(limit) - int(start)) // abs(int(delta)))
    require_room(node, [count])
    return Params(start, delta, count)


def evaluate(params: Params, start, limit, delta) -> np.ndarray:
    """start, limit, delta: [] -> [count]."""
    values = np.full(params.count, params.delta)
    values[:1] = params.start
    return np.add.accumulate(values, dtype=values.dtype)
