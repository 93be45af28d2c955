"""LOGISTIC: y = 1 / (1 + exp(-x)), as a table of 256 codes.

litert takes it in float32 and rounds halves away from zero; xnnpack takes it in float64 and rounds halves to even;
tflm computes in fixed point. The output's scale is 1/256 in litert and tflm and free in xnnpack.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import gemmlowp, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Params, evaluate, stacks

__all__ = ["SPEC", "Params", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "LOGISTIC",
    ("INT8", "UINT8"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc; google/XNNPACK src/reference/unary-elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h",
)


def sigmoid_float32(xp, x):
    """1 / (1 + exp(-x)), each step in float32."""
    return np.float32(1) / (np.float32(1) + tables.exp(xp, -x))


def sigmoid_float64(xp, x):
    """exp(x) / (1 + exp(x)) in float64, rounded once to float32; 0 below -100."""
    e = xp.exp(xp.clip(xp.cast(x, "float64"), -700.0, 700.0))
    return xp.where(x < -100, xp.zeros_like(x), xp.cast(e / (1 + e), "float32"))


def float32_table(xp, inp: Affine, out: Affine):
    """LiteRT's reference kernel."""
    return tables.half_away_table(xp, sigmoid_float32, inp, out)


def float64_table(xp, inp: Affine, out: Affine):
    """XNNPACK."""
    return tables.half_even_table(xp, sigmoid_float64, inp, out)


def fixed_point_table(xp, inp: Affine, out: Affine):
    """TFLite Micro; the output is on 1/256 with zero point -128."""
    return tables.fixed_point_table(xp, gemmlowp.logistic, inp, fraction_bits=8, zero_point=-128)


LOGISTIC = {LITERT: float32_table, XNNPACK: float64_table, TFLM: fixed_point_table}
OUTPUT_SCALE = {LITERT: 1 / 256, XNNPACK: None, TFLM: None}
OUTPUT_ZERO_POINT = {LITERT: None, XNNPACK: None, TFLM: -128}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 stored outputs for codes qmin..qmax, whole numbers."""
    return LOGISTIC[profile](xp, inp, out)


def prepare(node: Node, profile: Profile) -> Params:
    """The table. Raises Unsupported for output scales and zero points that the profile's kernel refuses."""
    inp, out = unary.grids(node, SPEC, profile)
    scale, zero_point = OUTPUT_SCALE[profile], OUTPUT_ZERO_POINT[profile]
    if scale is not None and out.scale != scale:
        raise node.unsupported(f"{profile.name} needs output scale {scale}, received {out.scale}")
    if zero_point is not None and out.zero_point != zero_point:
        raise node.unsupported(f"{profile.name} needs output zero point {zero_point}, received {out.zero_point:g}")
    return unary.params(node, profile, table, inp, out)
