"""SUB: y = a - b on the output's grid; ADD with the second operand's sign turned, in every profile.

litert, tflm: the two rescaled operands are subtracted; xnnpack: the second multiplier is negated. Rounding as in ADD.
What XNNPACK does not take LiteRT computes as litert does.
"""

from __future__ import annotations

from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.add import METHODS, built_in, delegated, integers, prepare_sum
from tfq.ops.binary import Params, evaluate
from tfq.ops.contract import Node, Spec, rows_apart

__all__ = ["SPEC", "constants", "evaluate", "integers", "prepare", "stacks"]

SPEC = Spec(
    "SUB",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/sub.cc, internal/reference/sub.h; "
    "google/XNNPACK src/operators/binary-elementwise-nd.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/sub_common.cc",
)

stacks = rows_apart


def constants(xp, profile: Profile, a: Affine, b: Affine, out: Affine, activation: str):
    """The profile's constants of a - b on the output's grid."""
    return METHODS[profile].constants(xp, profile, a, b, out, activation, -1)


def _xnnpack_or_built_in(node: Node, profile: Profile, a: Affine, b: Affine, out: Affine) -> Profile:
    return profile if delegated(node, a, b, out) else built_in(node, LITERT, a, b, out)


# Whose kernel runs: (node, profile, a, b, out) -> Profile, or Unsupported.
KERNEL = {LITERT: built_in, XNNPACK: _xnnpack_or_built_in, TFLM: built_in}


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the difference. Raises Unsupported for types and for an output scale that is too small."""
    return prepare_sum(node, profile, SPEC, KERNEL, -1)
