"""SIGN: -1, 0 or 1. TFLite Micro has none."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec("SIGN", ("INT32", "FLOAT32", "FLOAT64"), "google-ai-edge/LiteRT tflite/kernels/sign.cc")

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    unary.alike(node, SPEC, profile, TYPES)
    return Direct(np.sign)
