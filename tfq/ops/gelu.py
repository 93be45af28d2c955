"""GELU: y = x / 2 * erfc(-x / sqrt(2)), or with `approximate` x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))).

Integers go through LiteRT's tables, of which each step is float32; xnnpack leaves them to the same kernel. TFLite Micro
has none. float32 is float-close: in float64 and rounded once, where LiteRT calls Eigen and XNNPACK a polynomial.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tfq.numerics import libm, lookup_16, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "GELU",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc GeluPrepare, internal/reference/gelu.h",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ()}
_SQRT_HALF, _SQRT_2_OVER_PI = 0.5**0.5, (2 / np.pi) ** 0.5


def by_erfc(x: np.ndarray) -> np.ndarray:
    """In x's own float type."""
    real = x.dtype.type
    return real(0.5) * x * libm.erfc(x * real(-_SQRT_HALF))


def by_tanh(x: np.ndarray) -> np.ndarray:
    """The approximation, in x's own float type."""
    real = x.dtype.type
    inner = real(_SQRT_2_OVER_PI) * (x + real(0.044715) * x * x * x)
    return real(0.5) * x * (real(1) + libm.tanh(inner))


def table(xp, profile: Profile, inp: Affine, out: Affine, gelu):
    """The 256 stored outputs."""
    return tables.half_away_table(xp, lambda xp, x: gelu(x), inp, out)


def table_16(xp, profile: Profile, inp: Affine, out: Affine, gelu):
    """The 65,536 stored outputs."""
    return lookup_16.look_up(xp, lookup_16.samples(gelu, inp, out), lookup_16.codes())


def real(x: np.ndarray, gelu) -> np.ndarray:
    """float32."""
    return gelu(x.astype(np.float64)).astype(np.float32)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    gelu = by_tanh if node.options.get("approximate") else by_erfc
    if x.type == "FLOAT32":
        return Direct(partial(real, gelu=gelu))
    of_type = table_16 if x.type == "INT16" else table
    return unary.params(node, profile, partial(of_type, gelu=gelu), unary.grid(node, x), unary.grid(node, y))
