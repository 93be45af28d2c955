"""DEQUANTIZE: scale * (q - zero_point) in float32, per tensor or per channel; float16 becomes float32.

litert multiplies per-tensor values in float64 and rounds to float32, the others multiply in float32. It is the same:
q - zero_point is exact, and the product is rounded once. tflm takes a per-channel tensor's first scale and zero point
for all of it. LiteRT has no int16 per channel, TFLite Micro no types below 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import affine, arrays
from tfq.numerics.affine import Affine
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops import unary
from tfq.ops.contract import Node, Spec
from tfq.tflite.model import Tensor

SPEC = Spec(
    "DEQUANTIZE",
    ("INT8", "UINT8", "INT16", "FLOAT16", "INT4", "UINT4", "INT2"),
    "google-ai-edge/LiteRT tflite/kernels/dequantize.h; google/XNNPACK src/reference/unary-elementwise.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/dequantize_common.cc",
)

TYPES = {LITERT: SPEC.types, XNNPACK: SPEC.types, TFLM: ("INT8", "UINT8", "INT16")}
ZERO_POINT_16 = {LITERT: True, XNNPACK: True, TFLM: False}
NO_CHANNELS = {LITERT: ("INT16",), XNNPACK: ("INT16",), TFLM: ()}
FIRST_SCALE_ONLY = {LITERT: False, XNNPACK: False, TFLM: True}


def to_float(xp, profile: Profile, q, inp: Affine):
    """float32 reals of stored integers; the same in every profile."""
    return affine.dequantize(xp, xp.cast(q, "float32"), inp)


def stacks(node: Node) -> bool:
    """Samples stacked along axis 0 stay apart, unless that axis has a scale for each index."""
    quantization = None if node.inputs[0] is None else node.inputs[0].quantization
    along_0 = quantization is not None and quantization.per_channel and quantization.axis == 0
    return unary.stacks(node) and not along_0


@dataclass(frozen=True, eq=False)
class Params:
    """grid: its scale and zero point broadcast against the input; None for float16."""

    profile: Profile
    grid: Affine | None


def prepare(node: Node, profile: Profile) -> Params:
    """The input's grid. Raises Unsupported for types that the profile's kernel refuses."""
    x, y = unary.ends(node, SPEC)
    if x.type not in TYPES[profile] or y.type != "FLOAT32":
        raise node.unsupported(f"{profile.name} takes no {x.type} to {y.type}")
    if x.type == "FLOAT16":
        return Params(profile, None)
    grid = _grid(node, profile, x)
    if x.type == "INT16" and ZERO_POINT_16[profile] and np.any(grid.zero_point != 0):
        raise node.unsupported(f"{profile.name} needs zero point 0 of an INT16 input")
    return Params(profile, grid)


def _grid(node: Node, profile: Profile, x: Tensor) -> Affine:
    """Scale and zero point, of the input's rank where there is one for each channel."""
    if x.quantization is None:
        raise node.unsupported(f"tensor {x.name!r} ({x.type}) has no scale")
    scale = np.asarray(x.quantization.scale, np.float32)
    zero_point = np.asarray(x.quantization.zero_point, np.float32)
    if scale.size == 1 or FIRST_SCALE_ONLY[profile]:
        return Affine(scale[0], zero_point[0])
    if x.type in NO_CHANNELS[profile]:
        raise node.unsupported(f"{profile.name} takes one scale for {x.type}, received {scale.size}")
    axis = x.quantization.axis
    if not axis < len(x.shape) or x.shape[axis] != scale.size:
        raise node.unsupported(f"{scale.size} scales along axis {axis} of shape {list(x.shape)}")
    along = [-1 if i == axis else 1 for i in range(len(x.shape))]
    return Affine(scale.reshape(along), zero_point.reshape(along))


def evaluate(params: Params, x: np.ndarray) -> np.ndarray:
    """x: any shape -> float32 of that shape."""
    if params.grid is None:
        return x.astype(np.float32)
    return to_float(arrays, params.profile, x, params.grid)
