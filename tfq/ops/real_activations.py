"""The activations of recurrent kernels on float32, by the names of the `fused_activation_function` option.

tanh is taken in float64 and rounded; the runtimes call their C library, which may differ in the last bit.

Source: google-ai-edge/LiteRT tflite/kernels/internal/tensor_utils.h ApplyActivationToVector.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tfq.numerics import arrays, tables
from tfq.ops.contract import Node

Activation = Callable[[np.ndarray], np.ndarray]

ACTIVATIONS: dict[str, Activation] = {
    "NONE": lambda x: x,
    "RELU": lambda x: np.maximum(x, np.float32(0)),
    "RELU_N1_TO_1": lambda x: np.clip(x, np.float32(-1), np.float32(1)),
    "RELU6": lambda x: np.clip(x, np.float32(0), np.float32(6)),
    "TANH": partial(tables.tanh, arrays),
    "SIGN_BIT": lambda x: np.signbit(x).astype(np.float32),
}


def activation_of(node: Node) -> Activation:
    """The op's activation. Raises Unsupported for one that is not in ACTIVATIONS."""
    name = node.options.get("fused_activation_function", "NONE")
    if name not in ACTIVATIONS:
        raise node.unsupported(f"the activation must be one of {', '.join(ACTIVATIONS)}, received {name}")
    return ACTIVATIONS[name]
