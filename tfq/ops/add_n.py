"""ADD_N: y = x0 + x1 + ..., two or more tensors of one shape and type, from the first to the last.

float32, int32 (litert, xnnpack) in the type's own arithmetic. tflm: float32, and int8 whose inputs share one scale and
zero point: as in ADD each is brought to twice that scale and the sum to the output's, with two roundings each. The
kernel's sum starts from the code 0 and not from real 0, so that y is off by -zero steps of the input: followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.affine import Affine
from tfq.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, grid_of
from tfq.ops.contract import Node, Spec, rows_apart

TYPES = {LITERT: ("INT32", "FLOAT32"), XNNPACK: ("INT32", "FLOAT32"), TFLM: ("INT8", "FLOAT32")}

SPEC = Spec(
    "ADD_N",
    ("INT8", "INT32", "FLOAT32"),
    "google-ai-edge/LiteRT tflite/kernels/add_n.cc; "
    "tensorflow/tflite-micro tensorflow/lite/kernels/internal/reference/add_n.h",
)

stacks = rows_apart

_LEFT_SHIFT = 2**20


@dataclass(frozen=True, eq=False)
class Params:
    """total: arrays of one shape and type -> their sum, in dtype."""

    total: Callable[[tuple[np.ndarray, ...]], Any]
    dtype: np.dtype


class Constants(NamedTuple):
    """Each multiplier a pair (int64 multiplier, int64 shift)."""

    zero_points: tuple[int, int]
    operand: tuple[Any, Any]
    out: tuple[Any, Any]
    bounds: tuple[int, int]


def _own(operands: tuple[np.ndarray, ...]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return reduce(np.add, operands)


def constants(x: Affine, out: Affine) -> Constants:
    """The constants of the int8 sum."""
    twice = 2 * np.float64(x.scale)
    return Constants(
        (int(x.zero_point), int(out.zero_point)),
        quantize_multiplier(arrays, np.float64(x.scale) / twice),
        quantize_multiplier(arrays, twice / (_LEFT_SHIFT * np.float64(out.scale))),
        (out.qmin, out.qmax),
    )


def integers(constants: Constants, operands: tuple[np.ndarray, ...]) -> np.ndarray:
    """Stored integers of the sum."""
    zero, out_zero = constants.zero_points
    # The first summand is the code 0: the kernel's start.
    codes = (np.zeros_like(operands[0]), *operands)
    steps = ((q.astype(np.int64) - zero) * _LEFT_SHIFT for q in codes)
    total = sum(multiply_by_quantized_multiplier(arrays, x, *constants.operand) for x in steps)
    return np.clip(multiply_by_quantized_multiplier(arrays, total, *constants.out) + out_zero, *constants.bounds)


def _shared_grid(node: Node) -> Affine:
    grids = [grid_of(node, tensor) for tensor in node.inputs]
    if any((grid.scale, grid.zero_point) != (grids[0].scale, grids[0].zero_point) for grid in grids):
        raise node.unsupported("INT8 inputs must share scale and zero point; put a QUANTIZE before it")
    return grids[0]


def prepare(node: Node, profile: Profile) -> Params:
    """Constants of the sum. Raises Unsupported for types, shapes and scales that the profile's kernel does not take."""
    if len(node.inputs) < 2 or len(node.outputs) != 1:
        raise node.unsupported(f"it must have 2 or more inputs and 1 output, received {len(node.inputs)}")
    operands, y = [given(node, i) for i in range(len(node.inputs))], node.outputs[0]
    kinds = {tensor.type for tensor in (*operands, y)}
    if len(kinds) > 1 or y.type not in TYPES[profile]:
        taken = " or ".join(TYPES[profile])
        raise node.unsupported(f"{profile.name} takes {taken}, inputs and output alike, received {sorted(kinds)}")
    if len({tensor.shape for tensor in operands}) > 1:
        raise node.unsupported(f"shapes must be equal, received {[list(tensor.shape) for tensor in operands]}")
    if y.type != "INT8":
        return Params(_own, y.dtype)
    x, out = _shared_grid(node), grid_of(node, y)
    if 2 * float(x.scale) >= _LEFT_SHIFT * float(out.scale):
        raise node.unsupported("the output scale must exceed the input scale / 2**19; the kernel aborts there")
    return Params(partial(integers, constants(x, out)), y.dtype)


def evaluate(params: Params, *operands: np.ndarray) -> np.ndarray:
    """operands: of one shape and type -> the sum. Raises Unsupported where the shapes differ after all."""
    return np.asarray(params.total(operands)).astype(params.dtype, copy=False)
