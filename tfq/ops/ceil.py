"""CEIL of float32: the smallest whole number from x on. LiteRT's reference kernels have none."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "CEIL",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/ceil.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/ceil.cc",
)

TYPES: unary.Types = {LITERT: (), XNNPACK: SPEC.types, TFLM: SPEC.types}


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    unary.alike(node, SPEC, profile, TYPES)
    return Direct(np.ceil)
