"""CONCATENATION along one axis: stored values are copied, except uint8 on another grid than the output's.

int8 wants one scale and zero point for all inputs and the output, int16 zero points of 0.
uint8, in litert and xnnpack, each operation in float32, halves away from zero:
    k = s * (1 / s_out); y = clamp(round(q * k + (-z * k)) + z_out)     s, z: the input's, if not the output's
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import round_half_away
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import XNNPACK_RANK, given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import axis_in, moved, parameters, require_room, same_parameters, types_of
from tfq.tflite.model import Tensor

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "INT32", "UINT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")
TYPES = {
    LITERT: _LITERT_TYPES,
    XNNPACK: _LITERT_TYPES,
    TFLM: ("INT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32"),
}
SPEC = Spec(
    "CONCATENATION",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/concatenation.cc, internal/reference/concatenation.h; "
    "google/XNNPACK src/subgraph/concatenate.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/concatenation.cc",
)


def _check_grids(node: Node, *tensors: Tensor) -> None:
    if tensors[0].type == "INT8":
        same_parameters(node, *tensors)
    if tensors[0].type == "INT16" and any(parameters(tensor)[1] for tensor in tensors):
        raise node.unsupported(f"zero points of INT16 must be 0, received {[parameters(t)[1] for t in tensors]}")


def _eight(node: Node) -> int:
    return 8


def _delegated_rank(node: Node) -> int:
    taken = given(node).type in ("INT8", "UINT8", "FLOAT32") and 2 <= len(node.inputs) <= _XNNPACK_INPUTS
    return XNNPACK_RANK if taken else 8


def _six(node: Node) -> int:
    return 6


_XNNPACK_INPUTS = 5
LARGEST_RANK = {LITERT: _eight, XNNPACK: _delegated_rank, TFLM: _six}
MOST_INPUTS = {LITERT: None, XNNPACK: None, TFLM: 10}


@dataclass(frozen=True, eq=False)
class Params:
    """axis: counted from the front. codes: of each input the output's code for each of its own, None: the same."""

    axis: int
    codes: tuple[np.ndarray | None, ...]


def rescaled_codes(given: tuple[float, int], wanted: tuple[float, int]) -> np.ndarray | None:
    """uint8 [256]: the code on one (scale, zero point) for each on another; None where they are the same."""
    if given == wanted:
        return None
    (scale, zero_point), (out_scale, out_zero_point) = given, wanted
    q = np.arange(256, dtype=np.float32)
    with np.errstate(all="ignore"):
        k = np.float32(scale) * (np.float32(1) / np.float32(out_scale))
        steps = round_half_away(arrays, q * k + np.float32(-zero_point) * k)
    return np.clip(np.nan_to_num(steps) + np.float32(out_zero_point), 0, 255).astype(np.uint8)


def prepare(node: Node, profile: Profile) -> Params:
    """The axis and tables. Raises Unsupported for types, an activation, scales, shapes and too many inputs."""
    first = moved(node, profile, TYPES)
    activation = node.options.get("fused_activation_function", "NONE")
    if activation != "NONE":
        raise node.unsupported(f"the fused activation must be NONE, received {activation}")
    most = MOST_INPUTS[profile]
    if most is not None and len(node.inputs) > most:
        raise node.unsupported(f"at most {most} inputs in {profile.name}, received {len(node.inputs)}")
    require_rank(node, LARGEST_RANK[profile](node))
    inputs = [given(node, i) for i in range(len(node.inputs))]
    if any(tensor.type != first.type for tensor in inputs):
        raise node.unsupported(f"inputs must have one type, received {', '.join(t.type for t in inputs)}")
    _check_grids(node, *inputs, node.outputs[0])
    axis = _axis(node)
    require_room(node, [*first.shape[:axis], sum(t.shape[axis] for t in inputs), *first.shape[axis + 1 :]])
    codes: tuple[np.ndarray | None, ...] = (None,) * len(inputs)
    if first.type == "UINT8":
        codes = tuple(rescaled_codes(parameters(t), parameters(node.outputs[0])) for t in inputs)
    return Params(axis, codes)


def _axis(node: Node) -> int:
    """The axis, counted from the front. Raises Unsupported unless the inputs agree in all others."""
    shapes = [given(node, i).shape for i in range(len(node.inputs))]
    axis = axis_in(node, int(node.options.get("axis", 0)), len(shapes[0]))
    if len({(len(shape), shape[:axis], shape[axis + 1 :]) for shape in shapes}) > 1:
        raise node.unsupported(f"shapes must agree but for axis {axis}, received {[list(shape) for shape in shapes]}")
    return axis


def stacks(node: Node) -> bool:
    """Samples may be stacked unless the inputs are joined along their axis."""
    return rows_apart(node) and _axis(node) != 0


def evaluate(params: Params, *inputs) -> np.ndarray:
    """inputs: equal in shape but for the axis. Constants of batch 1 are repeated for a larger batch."""
    if params.axis:
        batch = max(x.shape[0] for x in inputs)
        inputs = tuple(np.broadcast_to(x, (batch, *x.shape[1:])) for x in inputs)
    parts = [x if codes is None else codes[x] for x, codes in zip(inputs, params.codes, strict=True)]
    return np.concatenate(parts, axis=params.axis)
