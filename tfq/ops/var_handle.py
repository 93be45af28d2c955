"""VAR_HANDLE: the name of a resource variable, by which READ_VARIABLE and ASSIGN_VARIABLE find it.

The runtimes hand out numbers in the order of loading; here the handle is the text container/shared_name, so that two
subgraphs that say the same name mean the same variable, as there.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.contract import Node, Spec

SPEC = Spec(
    "VAR_HANDLE",
    (),
    "google-ai-edge/LiteRT tflite/kernels/var_handle.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/var_handle.cc",
)


def prepare(node: Node, profile: Profile) -> np.ndarray:
    """The handle, a text without dimensions. Raises Unsupported unless the output is a resource."""
    if len(node.outputs) != 1 or node.outputs[0].type != "RESOURCE":
        received = ", ".join(tensor.type for tensor in node.outputs)
        raise node.unsupported(f"it must have one output of type RESOURCE, received {received or 'none'}")
    return np.asarray(f"{node.options.get('container', '')}/{node.options.get('shared_name', '')}")


def evaluate(params: np.ndarray) -> np.ndarray:
    """The handle."""
    return params
