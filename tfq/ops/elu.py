"""ELU: y = x if x >= 0 else exp(x) - 1, as a table of 256 codes.

xnnpack takes exp(x) - 1 in one and rounds halves to even; tflm subtracts in float32 and rounds halves away from zero.
LiteRT's reference kernels have no ELU at all.

float32 is float-close: exp(x) - 1 is taken in float64 and rounded once, where tflm calls expm1f and XNNPACK has a
polynomial.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tfq.numerics import arrays, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "Params", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "ELU",
    ("INT8", "FLOAT32"),
    "google/XNNPACK src/reference/unary-elementwise.cc; tensorflow/tflite-micro tensorflow/lite/micro/kernels/elu.cc",
)

TYPES: unary.Types = {LITERT: (), XNNPACK: SPEC.types, TFLM: SPEC.types}


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


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types without a kernel."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(partial(_elu_of_expm1, arrays))
    return unary.params(node, profile, table, unary.grid(node, x), unary.grid(node, y))
