"""ARG_MIN: where along an axis the smallest stored value is, the first of equal ones. Scales are not looked at."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.arg_max import TYPES, Params, evaluate, prepare_search, stacks
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import types_of

__all__ = ["SPEC", "Params", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "ARG_MIN",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/arg_min_max.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/arg_min_max.cc",
)


def prepare(node: Node, profile: Profile) -> Params:
    """The axis. Raises Unsupported for types, an axis out of range, an axis without cells."""
    return prepare_search(node, profile, np.argmin)
