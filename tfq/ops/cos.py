"""COS of float32. Float-close: in float64 and rounded once, where the runtimes call cosf or, in XNNPACK, a polynomial,
which loses the phase of large arguments and answers NaN from about 5e17 on.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "COS",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/elementwise.cc",
)


def real(x: np.ndarray) -> np.ndarray:
    """float32."""
    return np.cos(x.astype(np.float64)).astype(np.float32)


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    unary.alike(node, SPEC, profile, unary.FLOAT)
    return Direct(real)
