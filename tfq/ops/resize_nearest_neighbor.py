"""RESIZE_NEAREST_NEIGHBOR: each output pixel is a copy of the nearest input pixel. Scales are not looked at.

In float32: p = (o + (0.5 with half_pixel_centers)) * (in / out), floor(p); with align_corners p = o * (in - 1) /
(out - 1), halves away from zero; at most in - 1. xnnpack: 8-bit types without either option in 16-bit fixed point,
    p = (o * ((in << 16) // out + 1)) >> 16
which picks another pixel from some sizes on (LiteRT's optimized kernel; XNNPACK does not take the op).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.fixed_point import round_half_away
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import moved, types_of
from tfq.ops.resize import Grid, grid_of, scale

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "BOOL", "FLOAT32", "FLOAT16")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "INT16", "FLOAT32")}
SPEC = Spec(
    "RESIZE_NEAREST_NEIGHBOR",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/resize_nearest_neighbor.h, "
    "internal/optimized/optimized_ops.h; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/resize_nearest_neighbor.cc",
)

stacks = rows_apart


def float_places(size: int, out: int, grid: Grid) -> np.ndarray:
    """The input cell of each output cell along one axis, int64 [out]."""
    offset = np.float32(0.5 if grid.centers else 0)
    place = (np.arange(out, dtype=np.float32) + offset) * scale(size, out, grid)
    whole = round_half_away(arrays, place) if grid.corners else np.floor(place)
    return np.clip(whole, 0, size - 1).astype(np.int64)


def fixed_point_places(size: int, out: int, grid: Grid) -> np.ndarray:
    """As float_places, with 16 fractional bits."""
    return np.minimum((np.arange(out, dtype=np.int64) * ((size << 16) // out + 1)) >> 16, size - 1)


def _by_float(node: Node, grid: Grid):
    return float_places


def _by_type(node: Node, grid: Grid):
    eight_bits = node.outputs[0].dtype.itemsize == 1
    return fixed_point_places if eight_bits and not (grid.corners or grid.centers) else float_places


PLACES = {LITERT: _by_float, XNNPACK: _by_type, TFLM: _by_float}


@dataclass(frozen=True, eq=False)
class Params:
    """rows, columns: the input's, of each of the output's."""

    rows: np.ndarray
    columns: np.ndarray


def prepare(node: Node, profile: Profile) -> Params:
    """The pixels. Raises Unsupported for types, shapes and sizes."""
    shape = moved(node, profile, TYPES).shape
    grid = grid_of(node)
    places = PLACES[profile](node, grid)
    return Params(places(shape[1], grid.size[0], grid), places(shape[2], grid.size[1], grid))


def evaluate(params: Params, x, size=None) -> np.ndarray:
    """x: [N, H, W, C] -> [N, height, width, C]."""
    return x[:, params.rows[:, None], params.columns]
