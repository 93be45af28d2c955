"""The `.tflite` file: `read` takes its bytes apart into a `Model`, `write` puts a `Model` back into bytes."""

from tfq.tflite.model import (
    NUMPY_TYPES,
    Blockwise,
    Model,
    Operator,
    Quantization,
    Signature,
    Subgraph,
    Tensor,
)

# Both import the official schema on their first call, not here.
from tfq.tflite.read import read
from tfq.tflite.write import write

__all__ = [
    "NUMPY_TYPES",
    "Blockwise",
    "Model",
    "Operator",
    "Quantization",
    "Signature",
    "Subgraph",
    "Tensor",
    "read",
    "write",
]
