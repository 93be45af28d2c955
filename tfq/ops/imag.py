"""IMAG: the imaginary part of complex numbers. TFLite Micro has none. See complex_abs.py."""

from __future__ import annotations

import numpy as np

from tfq.numerics.profiles import Profile
from tfq.ops.complex_abs import prepare_part
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec("IMAG", ("COMPLEX64", "COMPLEX128"), "google-ai-edge/LiteRT tflite/kernels/complex_support.cc")


def prepare(node: Node, profile: Profile) -> Direct:
    """The function. Raises Unsupported for types that the profile's kernel refuses."""
    return prepare_part(node, profile, SPEC, np.imag)
