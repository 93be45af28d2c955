"""What the bidirectional sequence ops share: one cell runs over the steps, another over the steps from the last back.

The two outputs lie side by side along the last axis with the option merge_outputs, else they are two tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfq.ops.contract import Node


def direction(node: Node, positions: Sequence[int | None]) -> Node:
    """The node of one direction's cell, its inputs at these positions (None for an absent one); one output."""
    operator = replace(node.operator, inputs=tuple(-1 if p is None else node.operator.inputs[p] for p in positions))
    inputs = tuple(None if p is None else node.input(p) for p in positions)
    return replace(node, operator=operator, inputs=inputs, outputs=node.outputs[:1])


def require(node: Node, inputs: int, auxiliary: range) -> bool:
    """Whether the outputs are merged. Raises Unsupported for other numbers of tensors and for auxiliary inputs."""
    merged = bool(node.options.get("merge_outputs", False))
    if (len(node.inputs), len(node.outputs)) != (inputs, 1 if merged else 2):
        raise node.unsupported(
            f"it must have {inputs} inputs and {1 if merged else 2} outputs, "
            f"received {len(node.inputs)} and {len(node.outputs)}"
        )
    if any(output.type != "FLOAT32" for output in node.outputs):
        raise node.unsupported("outputs must be FLOAT32")
    if any(node.input(position) is not None for position in auxiliary):
        raise node.unsupported("auxiliary inputs have no definition here")
    return merged


def joined(merged: bool, forward: np.ndarray, backward: np.ndarray) -> tuple[np.ndarray, ...]:
    """The op's outputs."""
    return (np.concatenate([forward, backward], axis=-1),) if merged else (forward, backward)


def reversed_steps(x: np.ndarray, axis: int) -> np.ndarray:
    """x with its steps from the last back."""
    return np.ascontiguousarray(np.flip(x, axis))
