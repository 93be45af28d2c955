"""SQRT: integers in float32, y = trunc(sqrt(scale * (q - zero)) / y_scale) + y_zero; the kernel fails below zero.

xnnpack leaves integers to the same kernel; TFLite Micro takes float32 only.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.affine import Affine, divide
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.ops.unary import Direct, Guarded, evaluate, stacks

__all__ = ["SPEC", "evaluate", "prepare", "stacks", "table"]

SPEC = Spec(
    "SQRT",
    ("INT8", "INT16", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/elementwise.cc SqrtEvalQuantized; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/elementwise.cc",
)

TYPES: unary.Types = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("FLOAT32",)}


def table(xp, profile: Profile, inp: Affine, out: Affine):
    """The stored outputs for codes qmin..qmax, whole numbers; those below the zero point mean nothing."""
    x = xp.maximum(xp.arange(inp.qmin, inp.qmax + 1, dtype="float32") - inp.zero_point, np.float32(0)) * inp.scale
    return xp.clip(xp.trunc(divide(xp, xp.sqrt(x), out.scale)) + out.zero_point, out.qmin, out.qmax)


def prepare(node: Node, profile: Profile) -> Guarded | Direct:
    """The table. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = unary.alike(node, SPEC, profile, TYPES)
    if x.type == "FLOAT32":
        return Direct(np.sqrt)
    inp, out = unary.centred_grids(node, x, y)
    return unary.guarded(node, unary.params(node, profile, table, inp, out), inp)
