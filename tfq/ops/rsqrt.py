"""RSQRT: 1 / sqrt(x). The kernels fail below zero; zero gives the largest code.

int8, and int16 in tflm: in fixed point. m, s = numerics.inverse_sqrt(q - zero), then two products with two roundings
each: by m, with 20 fraction bits, and by the 31-bit multiplier of 1 / (sqrt(scale) * y_scale), which litert and xnnpack
take in float32 up to the division, tflm in float64.
int16 in litert and xnnpack: LiteRT's table of 513 samples. xnnpack leaves integers to LiteRT's kernel.
float32: 1 / sqrt(x), two roundings; XNNPACK's is float-close.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics import arrays, lookup_16
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.inverse_sqrt import inverse_sqrt
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Guarded, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks"]

SPEC = Spec(
    "RSQRT",
    ("INT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/elementwise.cc RsqrtEvalQuantizedInt8, RsqrtEvalQuantizedInt16; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/elementwise.cc",
)

TYPES: unary.Types = dict.fromkeys((LITERT, XNNPACK, TFLM), SPEC.types)
_FRACTION_BITS = 20


def float32_ratio(inp: Affine, out: Affine) -> float:
    """1 / f32(f32(sqrt(s_in)) * s_out)."""
    with np.errstate(over="ignore", under="ignore"):
        product = float(np.sqrt(np.float32(inp.scale)) * np.float32(out.scale))
    return 1.0 / product if product else np.inf


def float64_ratio(inp: Affine, out: Affine) -> float:
    """1 / (sqrt(s_in) * s_out) in float64 of float32 scales."""
    return 1.0 / float(np.sqrt(np.float64(inp.scale)) * np.float64(out.scale))


RATIO = {LITERT: float32_ratio, XNNPACK: float32_ratio, TFLM: float64_ratio}


def fixed_point_table(xp, profile: Profile, inp: Affine, out: Affine):
    """The stored outputs for codes qmin..qmax; those below the zero point mean nothing. NumPy only."""
    x = np.maximum(np.arange(inp.qmin, inp.qmax + 1) - int(inp.zero_point), 0)
    multiplier, shift = inverse_sqrt(arrays, x)
    fine = multiply_by_quantized_multiplier(arrays, np.ones_like(x), multiplier, shift + _FRACTION_BITS)
    multiplier, shift = quantize_multiplier(arrays, np.asarray(RATIO[profile](inp, out)))
    y = multiply_by_quantized_multiplier(arrays, fine, multiplier, shift - _FRACTION_BITS) + int(out.zero_point)
    return np.where(x == 0, out.qmax, np.clip(y, out.qmin, out.qmax))


def sampled_table(xp, profile: Profile, inp: Affine, out: Affine):
    """The 65,536 stored outputs of LiteRT's table."""
    largest = np.float32(lookup_16.INT16_MAX) * np.float32(out.scale)

    def function(x):
        return np.where(x > 0, np.float32(1) / np.sqrt(np.where(x > 0, x, np.float32(1))), largest)

    return lookup_16.look_up(xp, lookup_16.samples(function, inp, out), lookup_16.codes())


TABLES_16 = {LITERT: sampled_table, XNNPACK: sampled_table, TFLM: fixed_point_table}


def real(x: np.ndarray) -> np.ndarray:
    """float32."""
    return np.float32(1) / np.sqrt(x)


def prepare(node: Node, profile: Profile) -> Guarded | Direct:
    """The table. Raises Unsupported for types and scales that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(real)
    inp, out = unary.centred_grids(node, x, y)
    ratio = RATIO[profile](inp, out)
    if not 2.0**-11 <= ratio < 2.0**50:
        raise node.unsupported(
            f"1 / (sqrt(input scale) * output scale) must be in [2**-11, 2**50), received {ratio:.9g}"
        )
    table = TABLES_16[profile] if x.type == "INT16" else fixed_point_table
    return unary.guarded(node, unary.params(node, profile, table, inp, out), inp)
