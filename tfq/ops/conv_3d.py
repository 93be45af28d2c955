"""CONV_3D, float32: y = min(max(sum x * w + bias, lowest), highest) over windows of a volume; the bias may be missing.

x: [N, D, H, W, C]; w: [kd, kh, kw, C, O]. litert: one product after the other, each rounded, equal to the bit. xnnpack:
LiteRT's optimized kernel, whose sums differ in the last bits. tflm has no such op.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.numerics.volumes import Axes, gathered
from tfq.ops import mac
from tfq.ops.contract import Node, Spec
from tfq.ops.mac_float import REFERENCE, activation_range
from tfq.tflite.model import Tensor

SPEC = Spec("CONV_3D", ("FLOAT32",), "google-ai-edge/LiteRT tflite/kernels/conv3d.cc and internal/reference/conv3d.h")

KNOWN = {LITERT: True, XNNPACK: True, TFLM: False}
stacks = mac.stacks


@dataclass(frozen=True, eq=False)
class Params:
    """bounds: (lowest, highest) output."""

    axes: Axes
    bounds: tuple[np.float32, np.float32]


def operands(node: Node, profile: Profile, places: tuple[int, int, int], output_axis: int) -> tuple[Tensor, Tensor]:
    """Input and weights. Raises Unsupported for other types and shapes than the kernels of volumes take."""
    x, w, bias = mac.tensors(node, rank=5, places=places)
    if not KNOWN[profile]:
        raise node.unsupported(f"{profile.name} has no {node.operator.code}")
    tensors = [x, w, node.outputs[0]] + ([] if bias is None else [bias])
    if any(t.type != "FLOAT32" for t in tensors):
        raise node.unsupported(f"all types must be FLOAT32, received {', '.join(t.type for t in tensors)}")
    if len(x.shape) != 5 or 0 in x.shape[1:] or x.shape[4] != w.shape[7 - output_axis]:
        raise node.unsupported(f"input {list(x.shape)} and weights {list(w.shape)} do not fit together")
    if bias is not None and int(np.prod(bias.shape)) != w.shape[output_axis]:
        raise node.unsupported(f"expected {w.shape[output_axis]} biases, received {list(bias.shape)}")
    return x, w


def axes_of(node: Node, w: Tensor) -> Axes:
    """The op's windows. Raises Unsupported for strides and dilations below 1 and another padding."""
    stride, dilation = (
        [int(node.options.get(name.format(axis), 1)) for axis in "dhw"] for name in ("stride_{}", "dilation_{}_factor")
    )
    padding = str(node.options["padding"])
    if min(stride + dilation) < 1 or padding not in ("SAME", "VALID"):
        raise node.unsupported(f"strides {stride}, dilations {dilation} and padding {padding} have no definition")
    return Axes.of(w.shape[:3], stride, dilation, padding)


def bounds_of(node: Node) -> tuple[np.float32, np.float32]:
    """(lowest, highest) output."""
    return activation_range(node.options.get("fused_activation_function", "NONE"), REFERENCE.largest)


def prepare(node: Node, profile: Profile) -> Params:
    """The windows. Raises Unsupported for types and shapes that the kernel refuses."""
    x, w = operands(node, profile, (0, 1, 2), output_axis=4)
    axes = axes_of(node, w)
    try:
        axes.output_size(x.shape[1:4])
    except TfqError as error:
        raise node.unsupported(str(error)) from None
    return Params(axes, bounds_of(node))


def evaluate(params: Params, x, w, bias=None) -> np.ndarray:
    """x: float32 [N, D, H, W, C] -> float32 [N, OD, OH, OW, O]."""
    with np.errstate(all="ignore"):
        total = gathered(x, w, params.axes) + np.float32(0)
        return np.clip(total if bias is None else total + bias.reshape(-1), *params.bounds)
