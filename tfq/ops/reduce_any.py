"""REDUCE_ANY along axes of truth values: whether any is true. TFLite Micro has none."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.reduce import operands, stacks
from tfq.ops.reduce_max import Params, evaluate

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec("REDUCE_ANY", ("BOOL",), "google-ai-edge/LiteRT tflite/kernels/reduce.cc EvalType")

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}


def prepare(node: Node, profile: Profile) -> Params:
    """The reduction. Raises Unsupported for types and axes that the runtime refuses."""
    *_, reduction = operands(node, SPEC, profile, TYPES)
    return Params(np.any, reduction)
