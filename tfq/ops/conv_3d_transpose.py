"""CONV_3D_TRANSPOSE, float32: every input adds its window of products to the output; then bias and clamp as CONV_3D.

Inputs: the output's shape, w [kd, kh, kw, O, C], x [N, D, H, W, C], and a bias or none. litert: in the order of a
loop over the input, each product rounded, equal to the bit. xnnpack: LiteRT's optimized kernel, whose sums differ in
the last bits. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import Profile
from tfq.numerics.volumes import Axes, scattered
from tfq.ops import checks, mac
from tfq.ops.contract import Node, Spec
from tfq.ops.conv_3d import axes_of, bounds_of, operands

SPEC = Spec(
    "CONV_3D_TRANSPOSE",
    ("INT32",),
    "google-ai-edge/LiteRT tflite/kernels/conv3d_transpose.cc and internal/reference/conv3d_transpose.h",
)

stacks = mac.stacks


@dataclass(frozen=True, eq=False)
class Params:
    """size: (depth, height, width) of the output. bounds: (lowest, highest) output."""

    axes: Axes
    size: tuple[int, ...]
    bounds: tuple[np.float32, np.float32]


def prepare(node: Node, profile: Profile) -> Params:
    """The windows and the output's size. Raises Unsupported where that size does not stand for the input's."""
    x, w = operands(node, profile, (2, 1, 3), output_axis=3)
    shape = checks.constant(node, 0, "the output shape").tolist()
    if len(shape) != 5 or (shape[0], shape[4]) != (x.shape[0], w.shape[3]) or min(shape) < 1:
        raise node.unsupported(f"the output shape must be [N, D, H, W, O] of input and weights, received {shape}")
    axes, size = axes_of(node, w), tuple(shape[1:4])
    try:
        expected = axes.output_size(size)
    except TfqError as error:
        raise node.unsupported(str(error)) from None
    if expected != x.shape[1:4]:
        raise node.unsupported(f"an output of {size} stands for an input of {expected}, received {x.shape[1:4]}")
    return Params(axes, size, bounds_of(node))


def evaluate(params: Params, shape, w, x, bias=None) -> np.ndarray:
    """x: float32 [N, D, H, W, C] -> float32 [N, OD, OH, OW, O]."""
    with np.errstate(all="ignore"):
        total = scattered(x, w, params.axes, params.size)
        return np.clip(total if bias is None else total + bias.reshape(-1), *params.bounds)
