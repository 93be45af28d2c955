"""FLOOR of float32: the largest whole number up to x."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "FLOOR",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/floor.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/floor.cc",
)


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    unary.alike(node, SPEC, profile, unary.FLOAT)
    return Direct(np.floor)
