"""ELU: y = x if x >= 0 else exp(x) - 1, as a table of 256 codes.

xnnpack takes exp(x) - 1 in one and rounds halves to even; tflm subtracts in float32 and rounds halves away from zero.
LiteRT's reference kernels have no int8 ELU.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Params, evaluate, stacks

__all__ = ["SPEC", "Params", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "ELU",
    ("INT8",),
    "google/XNNPACK src/reference/unary-elementwise.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/elu.cc",
)


def half_even_table(xp, inp: Affine, out: Affine):
    """XNNPACK."""
    return tables.half_even_table(xp, _elu_of_expm1, inp, out)


def half_away_table(xp, inp: Affine, out: Affine):
    """TFLite Micro."""
    return tables.half_away_table(xp, _elu_of_exp, inp, out)


def _elu_of_expm1(xp, x):
    return xp.where(x < 0, tables.expm1(xp, x), x)


def _elu_of_exp(xp, x):
    return xp.where(x < 0, tables.exp(xp, x) - np.float32(1), x)


ELU = {XNNPACK: half_even_table, TFLM: half_away_table}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 stored outputs for codes qmin..qmax, whole numbers."""
    return ELU[profile](xp, inp, out)


def prepare(node: Node, profile: Profile) -> Params:
    """The table. Raises Unsupported for types without a kernel."""
    inp, out = unary.grids(node, SPEC, profile)
    if profile not in ELU:
        raise node.unsupported(f"{profile.name} has no kernel for it")
    return unary.params(node, profile, table, inp, out)
