"""COMPLEX_ABS: sqrt(re**2 + im**2) in float64, rounded once for COMPLEX64, as hypotf does. TFLite Micro has none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec("COMPLEX_ABS", ("COMPLEX64", "COMPLEX128"), "google-ai-edge/LiteRT tflite/kernels/complex_support.cc")

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}
PART = {"COMPLEX64": "FLOAT32", "COMPLEX128": "FLOAT64"}


def magnitude(x: np.ndarray) -> np.ndarray:
    """Of x's own precision."""
    wide = x.astype(np.complex128)
    return np.sqrt(wide.real * wide.real + wide.imag * wide.imag).astype(x.real.dtype)


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    return prepare_part(node, profile, SPEC, magnitude)


def prepare_part(node: Node, profile: Profile, spec: Spec, function: Callable[[np.ndarray], np.ndarray]) -> Direct:
    """Shared with REAL and IMAG."""
    x, y = unary.ends(node, spec)
    if x.type not in TYPES[profile]:
        raise node.unsupported(f"{profile.name} has no kernel for it")
    if y.type != PART[x.type]:
        raise node.unsupported(f"the output of {x.type} must be {PART[x.type]}, received {y.type}")
    return Direct(function)
