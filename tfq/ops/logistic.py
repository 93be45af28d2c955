"""LOGISTIC: y = 1 / (1 + exp(-x)), as a table of all codes.

8 bits: litert takes it in float32 and rounds halves away from zero; xnnpack takes it in float64 and rounds halves to
even; tflm computes in fixed point. The output's scale is 1/256 in litert and tflm and free in xnnpack.

int16, output scale 1/32768: lines between the points of one table (numerics.sigmoid_16); xnnpack leaves the op to
LiteRT's optimized kernel, which computes in fixed point for an input scale of 2**-12 and as litert for the others.

float32: litert and tflm say 1 above 16.62 and exp(x) below -9. Float-close: the exponential is taken in float64 and
rounded once, where the runtimes call expf or, in XNNPACK, a polynomial, which answers NaN for |x| beyond 5e26.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from tfq.numerics import arrays, gemmlowp, gemmlowp_16, sigmoid_16, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import INT16_MAX, LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "Direct", "Params", "evaluate", "integers", "prepare", "stacks", "table"]

SPEC = Spec(
    "LOGISTIC",
    ("INT8", "UINT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/activations.cc and internal/reference/logistic.h; "
    "google/XNNPACK src/reference/unary-elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h",
)

TYPES = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}


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


def sampled_16(xp, inp: Affine, q):
    """The reference kernel's outputs of int16 codes."""
    return sigmoid_16.logistic(xp, q, *sigmoid_16.input_multiplier(xp, inp.scale, (0,)))


def optimized_16(xp, inp: Affine, q):
    """LiteRT's optimized kernel: fixed point where the input's scale is 2**-12."""
    fixed = gemmlowp_16.logistic(xp, xp.cast(q, "int64"))
    return xp.where(sigmoid_16.is_power_of_two(xp, inp.scale, -12), fixed, sampled_16(xp, inp, q))


LOGISTIC_16 = {LITERT: sampled_16, XNNPACK: optimized_16, TFLM: sampled_16}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 or 65,536 stored outputs for codes qmin..qmax, whole numbers."""
    if inp.qmax == INT16_MAX:
        return LOGISTIC_16[profile](xp, inp, unary.codes(xp, inp))
    return LOGISTIC[profile](xp, inp, out)


def integers(xp, profile: Profile, inp: Affine, out: Affine, q):
    """Stored outputs of stored inputs, whole numbers; int16 without a table of its codes."""
    if inp.qmax == INT16_MAX:
        return LOGISTIC_16[profile](xp, inp, q)
    return unary.look_up(xp, table(xp, profile, inp, out), inp, q)


def check_scales_16(node: Node, inp: Affine, out: Affine, exact: bool) -> None:
    """Raises Unsupported unless the output's scale is 1/32768 (or nearly) and the input's keeps within 32 bits."""
    scale = float(out.scale)
    if scale != 2.0**-15 if exact else sigmoid_16.power_of_two(scale) != -15:
        raise node.unsupported(f"INT16 output needs scale 1/32768, received {scale:.9g}")
    if float(inp.scale) >= 16 / 3:
        raise node.unsupported(f"INT16 input needs a scale below 16/3, or the kernel overflows; received {inp.scale}")


def with_cutoffs(x):
    """The reference kernel on float32."""
    y = sigmoid_float32(arrays, x)
    y = np.where(x < -9, tables.exp(arrays, x), y)
    return np.where(x > np.float32(16.619047164916992188), np.float32(1), y)


EXACT_SCALE_16 = {LITERT: True, XNNPACK: True, TFLM: False}
FLOAT: unary.Functions = {LITERT: with_cutoffs, XNNPACK: partial(sigmoid_float64, arrays), TFLM: with_cutoffs}


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for output scales and zero points that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(FLOAT[profile])
    inp, out = unary.centred_grids(node, x, y)
    if x.type == "INT16":
        check_scales_16(node, inp, out, EXACT_SCALE_16[profile])
        return unary.params(node, profile, table, inp, out)
    scale, zero_point = OUTPUT_SCALE[profile], OUTPUT_ZERO_POINT[profile]
    if scale is not None and out.scale != scale:
        raise node.unsupported(f"{profile.name} needs output scale {scale}, received {out.scale}")
    if zero_point is not None and out.zero_point != zero_point:
        raise node.unsupported(f"{profile.name} needs output zero point {zero_point}, received {out.zero_point:g}")
    return unary.params(node, profile, table, inp, out)
