"""LOGICAL_AND: y = a and b, of bool: true where both are."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.binary import Params, direct, evaluate, require_types
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

TYPES = {LITERT: ("BOOL",), XNNPACK: ("BOOL",), TFLM: ("BOOL",)}

SPEC = Spec(
    "LOGICAL_AND",
    ("BOOL",),
    "google-ai-edge/LiteRT tflite/kernels/logical.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/logical.cc",
)

stacks = rows_apart


def prepare(node: Node, profile: Profile) -> Params:
    """Raises Unsupported for other types than bool, and for shapes that do not broadcast."""
    require_types(node, profile, TYPES)
    return direct(node, np.logical_and)
