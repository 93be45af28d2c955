"""TANH, as a table of 256 codes.

litert rounds halves away from zero, xnnpack to even; tflm computes in fixed point, and its output is on 1/128 with zero
point 0 whatever the file says.
"""

from __future__ import annotations

from tfq.numerics import gemmlowp, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Params, evaluate, stacks

__all__ = ["SPEC", "Params", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "TANH",
    ("INT8", "UINT8"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc; google/XNNPACK src/reference/unary-elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h",
)


def half_away_table(xp, inp: Affine, out: Affine):
    """LiteRT's reference kernel."""
    return tables.half_away_table(xp, tables.tanh, inp, out)


def half_even_table(xp, inp: Affine, out: Affine):
    """XNNPACK."""
    return tables.half_even_table(xp, tables.tanh, inp, out)


def fixed_point_table(xp, inp: Affine, out: Affine):
    """TFLite Micro."""
    return tables.fixed_point_table(xp, gemmlowp.tanh, inp, fraction_bits=7, zero_point=0)


TANH = {LITERT: half_away_table, XNNPACK: half_even_table, TFLM: fixed_point_table}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 stored outputs for codes qmin..qmax, whole numbers."""
    return TANH[profile](xp, inp, out)


def prepare(node: Node, profile: Profile) -> Params:
    """The table. Raises Unsupported for types without a kernel."""
    inp, out = unary.grids(node, SPEC, profile)
    return unary.params(node, profile, table, inp, out)
