"""TANH, as a table of all codes.

8 bits: litert rounds halves away from zero, xnnpack to even; tflm computes in fixed point, and its output is on 1/128
with zero point 0 whatever the file says.

int16, output scale 1/32768: lines between the points of one table (numerics.sigmoid_16); xnnpack leaves the op to
LiteRT's optimized kernel, which computes in fixed point for input scales of 2**-12 and 2**-11.

float32 is float-close: in float64 and rounded once, where the runtimes call tanhf or, in XNNPACK, a rational function.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tfq.numerics import arrays, gemmlowp, gemmlowp_16, lookup_16, sigmoid_16, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.logistic import check_scales_16
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "Direct", "Params", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "TANH",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc; google/XNNPACK src/reference/unary-elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h",
)

TYPES = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}


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


def sampled_table_16(inp: Affine):
    """The reference kernel's 65,536 outputs."""
    return sigmoid_16.tanh(lookup_16.codes(), *sigmoid_16.input_multiplier(float(inp.scale), (0, 1)))


def optimized_table_16(inp: Affine):
    """LiteRT's optimized kernel: fixed point where the input's scale is 2**-12 or 2**-11."""
    left = (sigmoid_16.power_of_two(float(inp.scale)) or 0) + 12
    if left not in (0, 1):
        return sampled_table_16(inp)
    codes = lookup_16.codes().astype(np.int64) * 2**left
    return gemmlowp_16.tanh(np.clip(codes, lookup_16.INT16_MIN, lookup_16.INT16_MAX))


TANH_16 = {LITERT: sampled_table_16, XNNPACK: optimized_table_16, TFLM: sampled_table_16}


def _table_16(xp, profile: Profile, inp: Affine, out: Affine):
    return TANH_16[profile](inp)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types and scales that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(partial(tables.tanh, arrays))
    inp, out = unary.centred_grids(node, x, y)
    if x.type == "INT16":
        check_scales_16(node, inp, out, exact=False)
        return unary.params(node, profile, _table_16, inp, out)
    return unary.params(node, profile, table, inp, out)
