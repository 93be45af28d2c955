"""ROUND of float32: the nearest whole number, halves to even. LiteRT's reference kernels have none.

xnnpack keeps the sign of a zero; tflm goes by way of floor(x) and has no -0 from above -1/2.
"""

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


def by_floor(x: np.ndarray) -> np.ndarray:
    """TFLite Micro's RoundToNearest: floor(x), or floor(x) + 1."""
    below = np.floor(x)
    rest = x - below
    up = (rest > 0.5) | ((rest == 0.5) & (below % 2 != 0))
    return np.where(up, below + np.float32(1), below)


ROUND: unary.Functions = {XNNPACK: np.rint, TFLM: by_floor}


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    unary.alike(node, SPEC, profile, TYPES)
    return Direct(ROUND[profile])
