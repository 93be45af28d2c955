"""ROUND of float32: the nearest whole number, halves to even. LiteRT's reference kernels have none."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "ROUND",
    ("FLOAT32",),
    "google-ai-edge/LiteRT tflite/kernels/round.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/round.cc",
)

TYPES: unary.Types = {LITERT: (), XNNPACK: SPEC.types, TFLM: SPEC.types}


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    unary.alike(node, SPEC, profile, TYPES)
    return Direct(np.rint)
