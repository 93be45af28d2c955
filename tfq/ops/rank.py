"""RANK: how many axes a tensor has. Known when the file is loaded, unless shapes change while it runs."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import LITERT, XNNPACK, Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec

SPEC = Spec("RANK", (), "google-ai-edge/LiteRT tflite/kernels/rank.cc")
RUNTIMES = (LITERT, XNNPACK)


def prepare(node: Node, profile: Profile) -> np.ndarray:
    """The number, int32. Raises Unsupported where the runtime has no such op, or the output is no int32."""
    if profile not in RUNTIMES:
        raise node.unsupported(f"{profile.name} has no kernel for it")
    if [tensor.type for tensor in node.outputs] != ["INT32"]:
        raise node.unsupported("it must have one output of type INT32")
    return np.asarray(len(given(node).shape), np.int32)


def known(params: np.ndarray) -> np.ndarray:
    """The number."""
    return params


def evaluate(params: np.ndarray, x: np.ndarray) -> np.ndarray:
    """x: any -> int32, no axes."""
    return params
