"""RESHAPE: the same stored integers in another shape, scales not looked at, in every profile.

The shape tensor wins over the option `new_shape`; one entry may be -1. It says the shape of one sample: a fixed
leading 1 does not pin the batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import Profile
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart

SPEC = Spec(
    "RESHAPE",
    ("INT8",),
    "google-ai-edge/LiteRT tflite/kernels/reshape.cc; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/reshape_common.cc",
)


stacks = rows_apart


@dataclass(frozen=True)
class Params:
    """size: elements of one sample. target: its new shape; None where it is computed at run time."""

    size: int
    target: tuple[int, ...] | None


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


def prepare(node: Node, profile: Profile) -> Params:
    """The output's shape for the stored input. Raises Unsupported for types and for shapes that do not fit."""
    node.require_types(SPEC)
    size, shape = math.prod(given(node).shape), node.input(1)
    if shape is not None and shape.data is None:
        return Params(size, None)
    # LiteRT falls back to the options unless the shape tensor is a vector; a lone 0 there means a scalar.
    if shape is not None and shape.data is not None and shape.data.ndim == 1:
        target = tuple(int(entry) for entry in shape.data)
    else:
        target = tuple(int(entry) for entry in node.options.get("new_shape", ()))
        target = () if target == (0,) else target
    try:
        return Params(size, resolve(target, size))
    except TfqError as error:
        raise node.unsupported(str(error)) from error


def evaluate(params: Params, x, shape=None) -> np.ndarray:
    """x: int8, one or more samples -> int8, stacked alike. Raises TfqError where a computed shape does not fit."""
    target = params.target
    if target is None:
        target = resolve(tuple(int(entry) for entry in shape), x.size)
    if x.size > params.size:
        target = (target[0] * (x.size // params.size), *target[1:])
    return x.reshape(target)
