"""What the ops on resource variables share: the handle, and where their values live."""

from __future__ import annotations

import numpy as np

from tfq.ops.checks import given
from tfq.ops.contract import Context, Node
from tfq.tflite.model import NUMPY_TYPES


def require(node: Node, inputs: int, outputs: int) -> None:
    """Raises Unsupported for other counts of inputs and outputs, and unless the first input is one resource."""
    if (len(node.inputs), len(node.outputs)) != (inputs, outputs):
        raise node.unsupported(
            f"it must have {inputs} inputs and {outputs} outputs, received {len(node.inputs)} and {len(node.outputs)}"
        )
    handle = given(node)
    if handle.type != "RESOURCE" or handle.data is not None:
        raise node.unsupported(f"input 0 must be a computed RESOURCE, received {handle.type}")
    for tensor in (*node.inputs[1:], *node.outputs):
        if tensor is None or tensor.type not in NUMPY_TYPES:
            raise node.unsupported(
                f"its value must be numbers, received {'nothing' if tensor is None else tensor.type}"
            )


def key(handle: np.ndarray) -> tuple[str, str]:
    """Where the variable's value is in the context's resources."""
    return "variable", str(handle)


def value(context: Context, handle: np.ndarray) -> np.ndarray | None:
    """The variable's value, None where nothing has been assigned."""
    return context.resources.get(key(handle))
