"""ABS: y = rescale(|q - zero|) + y_zero; without a rescale where the scales are equal.

31-bit multiplier of the ratio scale / y_scale, taken in float32 (litert, and xnnpack, which leaves integers to the same
kernel) or in float64 (tflm), two roundings. int16 without scales and int32: the plain |q|, which wraps at the lowest.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Params, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "ABS",
    ("INT8", "INT16", "INT32", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/elementwise.cc AbsEvalQuantized; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/elementwise.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "INT16", "FLOAT32")}
# The kernels' left shift must stay below 31 bits.
_MOST_RATIO = 2.0**30


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The stored outputs for codes qmin..qmax, whole numbers."""
    size = xp.abs(xp.arange(inp.qmin, inp.qmax + 1, dtype="int64") - xp.cast(inp.zero_point, "int64"))
    multiplier = quantize_multiplier(xp, profile.ratio(xp, inp.scale, out.scale))
    size = xp.where(inp.scale == out.scale, size, multiply_by_quantized_multiplier(xp, size, *multiplier))
    return xp.clip(size + xp.cast(out.zero_point, "int64"), out.qmin, out.qmax)


def prepare(node: Node, profile: Profile) -> Params | Direct:
    """The table. Raises Unsupported for types and scales that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type in ("FLOAT32", "INT32") or (x.type == "INT16" and x.quantization is None):
        return Direct(np.abs)
    inp, out = unary.centred_grids(node, x, y)
    ratio = float(inp.scale) / float(out.scale)
    if ratio >= _MOST_RATIO:
        raise node.unsupported(f"input scale / output scale must be below 2**30, received {ratio:.9g}")
    return unary.params(node, profile, table, inp, out)
