"""RANK: the number of the input's axes. tflm has no such op."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec
from tfq.ops.movement import COPIED, require_output, taken_type, types_of

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: ()}
SPEC = Spec("RANK", types_of(TYPES), "google-ai-edge/LiteRT tflite/kernels/rank.cc")


@dataclass(frozen=True, eq=False)
class Params:
    """rank: int32 []."""

    rank: np.ndarray


def prepare(node: Node, profile: Profile) -> Params:
    """The rank. Raises Unsupported for types."""
    require_output(node, 0, "INT32")
    return Params(np.asarray(len(taken_type(node, profile, TYPES).shape), np.int32))


def known(params: Params) -> np.ndarray:
    """The output: the values of x do not matter."""
    return params.rank


def evaluate(params: Params, x) -> np.ndarray:
    """x -> int32 []."""
    return params.rank
