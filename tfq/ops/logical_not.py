"""LOGICAL_NOT: y = not x, of bool."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.binary import require_ends
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

TYPES = {LITERT: ("BOOL",), XNNPACK: ("BOOL",), TFLM: ("BOOL",)}

SPEC = Spec(
    "LOGICAL_NOT",
    ("BOOL",),
    "google-ai-edge/LiteRT tflite/kernels/elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/elementwise.cc",
)


def prepare(node: Node, profile: Profile) -> Direct:
    """Raises Unsupported for other types than bool."""
    require_ends(node, 1)
    unary.alike(node, SPEC, profile, TYPES)
    return Direct(np.logical_not)
