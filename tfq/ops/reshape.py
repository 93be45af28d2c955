"""RESHAPE: the same stored values in another shape, scales not looked at, in every profile.

The shape tensor wins over the option `new_shape`; one entry may be -1. It says the shape of one sample: a fixed
leading 1 does not pin the batch. Where the run computes the shape, tflm takes the stored one of the output.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, operand, types_of

TYPES = {LITERT: (*COPIED, "INT4"), XNNPACK: (*COPIED, "INT4"), TFLM: COPIED}
SPEC = Spec(
    "RESHAPE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/reshape.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/reshape_common.cc",
)


stacks = rows_apart


@dataclass(frozen=True)
class Params:
    """size: elements of one sample. target: its new shape."""

    size: int
    target: tuple[int, ...]


def resolve(target: tuple[int, ...], size: int) -> tuple[int, ...]:
    """`target` with its -1 replaced so that it holds `size` elements. Raises TfqError where none fits."""
    known = math.prod(entry for entry in target if entry != -1)
    if target.count(-1) > 1 or any(entry < -1 for entry in target):
        raise TfqError(f"a shape holds sizes and at most one -1, received {list(target)}")
    if -1 in target and known:
        target = tuple(size // known if entry == -1 else entry for entry in target)
    if math.prod(target) != size:
        raise TfqError(f"shape {list(target)} must hold the input's {size} elements")
    return target


def _asked(node: Node) -> tuple[int, ...]:
    return tuple(operand(node, 1, "the shape"))


def _stored(node: Node) -> tuple[int, ...]:
    return node.outputs[0].shape


# Where a shape that the run computes comes from.
COMPUTED = {LITERT: _asked, XNNPACK: _asked, TFLM: _stored}


def prepare(node: Node, profile: Profile) -> Params:
    """The output's shape for the stored input. Raises Unsupported for types and for shapes that do not fit."""
    size, shape = math.prod(moved(node, profile, TYPES).shape), node.input(1)
    # LiteRT falls back to the options unless the shape tensor is a vector; a lone 0 there means a scalar.
    if shape is not None and len(shape.shape) == 1:
        target = COMPUTED[profile](node) if shape.data is None else _asked(node)
    else:
        target = tuple(int(entry) for entry in node.options.get("new_shape", ()))
        target = () if target == (0,) else target
    try:
        return Params(size, resolve(target, size))
    except TfqError as error:
        raise node.unsupported(str(error)) from error


def evaluate(params: Params, x, shape=None) -> np.ndarray:
    """x: one or more samples -> the same values, stacked alike."""
    target = params.target
    if x.size > params.size:
        target = (target[0] * (x.size // params.size), *target[1:])
    return x.reshape(target)
