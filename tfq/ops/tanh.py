"""TANH, as a table of all codes.

8 bits: litert rounds halves away from zero, xnnpack to even; tflm computes in fixed point, and its output is on 1/128
with zero point 0 whatever the file says.

int16, output scale 1/32768: lines between the points of one table (numerics.sigmoid_16); xnnpack leaves the op to
LiteRT's optimized kernel, which computes in fixed point for input scales of 2**-12 and 2**-11.

float32 is float-close: in float64 and rounded once, where the runtimes call tanhf or, in XNNPACK, a rational function.
"""

from __future__ import annotations

from functools import partial

from tfq.numerics import arrays, gemmlowp, gemmlowp_16, sigmoid_16, tables
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import INT16_MAX, LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.logistic import check_scales_16
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "Direct", "Params", "evaluate", "integers", "prepare", "stacks", "table"]

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


def sampled_16(xp, inp: Affine, q):
    """The reference kernel's outputs of int16 codes."""
    return sigmoid_16.tanh(xp, q, *sigmoid_16.input_multiplier(xp, inp.scale, (0, 1)))


def optimized_16(xp, inp: Affine, q):
    """LiteRT's optimized kernel: fixed point where the input's scale is 2**-12 or 2**-11."""
    near = [sigmoid_16.is_power_of_two(xp, inp.scale, power) for power in (-12, -11)]
    q = xp.cast(q, "int64")
    fixed = gemmlowp_16.tanh(xp, xp.where(near[1], xp.clip(q * 2, inp.qmin, inp.qmax), q))
    return xp.where(near[0], fixed, xp.where(near[1], fixed, sampled_16(xp, inp, q)))


TANH_16 = {LITERT: sampled_16, XNNPACK: optimized_16, TFLM: sampled_16}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 256 or 65,536 stored outputs for codes qmin..qmax, whole numbers."""
    if inp.qmax == INT16_MAX:
        return TANH_16[profile](xp, inp, unary.codes(xp, inp))
    return TANH[profile](xp, inp, out)


def integers(xp, profile: Profile, inp: Affine, out: Affine, q):
    """Stored outputs of stored inputs, whole numbers; int16 without a table of its codes."""
    if inp.qmax == INT16_MAX:
        return TANH_16[profile](xp, inp, q)
    return unary.look_up(xp, table(xp, profile, inp, out), inp, q)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types and scales that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(partial(tables.tanh, arrays))
    inp, out = unary.centred_grids(node, x, y)
    if x.type == "INT16":
        check_scales_16(node, inp, out, exact=False)
        return unary.params(node, profile, table, inp, out)
    return unary.params(node, profile, table, inp, out)
