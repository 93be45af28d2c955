"""SUB: y = a - b on the output's grid; ADD with the second operand's sign turned, in every profile.

litert, tflm: the two rescaled operands are subtracted; xnnpack: the second multiplier is negated. Rounding as in ADD,
int16 with powers of two for scales too. What XNNPACK does not take LiteRT computes as litert does.
float32, int32, int64: a - b, clamped. int16 must have scales.
"""

from __future__ import annotations

import numpy as np

from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.add import built_in, delegated, fixed, integers, prepare_sum
from tfq.ops.binary import Params, all_types, evaluate, require_types, type_of_second
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.plain import is_number, plain, require_unscaled

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "retypes", "stacks"]

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "INT32", "FLOAT32")}

SPEC = Spec(
    "SUB",
    all_types(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/sub.cc, internal/reference/sub.h; "
    "google/XNNPACK src/operators/binary-elementwise-nd.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/sub_common.cc",
)

stacks = rows_apart
retypes = type_of_second


def constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str):
    """The profile's constants of a - b on the output's grid, all int8 or all int16 (pot_scale_int16 false)."""
    return fixed(xp, profile, a, b, out, activation, -1)


def _xnnpack_or_built_in(node: Node, profile: Profile, a: Affine, b: Affine, out: Affine) -> Profile:
    return profile if delegated(node, a, b, out) else built_in(node, LITERT, a, b, out)


# Whose kernel runs: (node, profile, a, b, out) -> Profile, or Unsupported.
KERNEL = {LITERT: built_in, XNNPACK: _xnnpack_or_built_in, TFLM: built_in}


def _unscaled(node: Node, profile: Profile, function) -> Params:
    """TFLite Micro: no scales on int32."""
    if given(node).type == "INT32":
        require_unscaled(node, *node.inputs, *node.outputs)
    return plain(node, profile, function)


PLAIN = {LITERT: plain, XNNPACK: plain, TFLM: _unscaled}


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the difference. Raises Unsupported for types and for an output scale that is too small."""
    require_types(node, profile, TYPES)
    if is_number(node):
        return PLAIN[profile](node, profile, np.subtract)
    return prepare_sum(node, profile, KERNEL, -1)
