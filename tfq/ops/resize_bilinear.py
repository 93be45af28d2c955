"""RESIZE_BILINEAR: each output pixel is a weighted mean of the four input pixels around it.

litert, tflm:
    int8, int16     int64 with 10 fractional bits: scale = (1024 * in + out // 2) // out (align_corners: of in - 1 and
                    out - 1); p = o * scale (half_pixel_centers: + scale // 2 - 512); weights p - 1024 * floor and its
                    complement to 1024; y = sum / 2**20, halves away from zero
    float32, uint8  float32, each operation rounded: (y0, x0) + (y1, x0) + (y0, x1) + (y1, x1), each the value times its
                    weight along the height times that along the width; uint8: + 0.5, cut
xnnpack, for float32 and 8-bit tensors with scales (which must be the same) and a constant size:
    int8, uint8     int32 with 11 fractional bits for each axis, along the width, then the height:
                    t = tl * 2048 + (tr - tl) * ax; y = (t * 2048 + (b - t) * ay + 2**21) >> 22
    float32         t = tl + (tr - tl) * ax; y = t + (b - t) * ay
What it leaves goes to LiteRT's optimized kernels: int8 and int16 as in litert, float32 and uint8 with the products of
the two weights made first, in the order tl, tr, bl, br. (float32 of twice the size: up to the last bits, that kernel
halves sums. uint8 of eight times the size with half_pixel_centers and channels in eights: another kernel, refused.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tfq.numerics import arrays
from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.blocks import BLOCK, by_rows
from tfq.ops.checks import given
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import moved, pinned, same_parameters, types_of
from tfq.ops.resize import Grid, grid_of, scale

_LITERT_TYPES = ("INT8", "UINT8", "INT16", "FLOAT32")
TYPES = {LITERT: _LITERT_TYPES, XNNPACK: _LITERT_TYPES, TFLM: ("INT8", "FLOAT32")}
SPEC = Spec(
    "RESIZE_BILINEAR",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/internal/reference/resize_bilinear.h; "
    "google/XNNPACK src/indirection.c, src/s8-ibilinear/scalar.c.in, src/f32-ibilinear/sse.c.in; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/resize_bilinear.cc",
)

stacks = rows_apart
_ONE, _HALF = np.float32(1), np.float32(0.5)


@dataclass(frozen=True, eq=False)
class Ends:
    """Of each output cell along one axis: the input cells before and behind, and the weight of the one behind."""

    before: np.ndarray
    behind: np.ndarray
    weight: np.ndarray


Resize = Callable[[np.ndarray, Ends, Ends], np.ndarray]


@dataclass(frozen=True, eq=False)
class Params:
    """resize: x [N, H, W, C] and its ends -> [N, height, width, C]. rows, columns: the ends."""

    resize: Resize
    rows: Ends
    columns: Ends


def ten_bits(size: int, out: int, grid: Grid) -> Ends:
    """Weights int64, 1024 for one."""
    if grid.corners and out > 1:
        step = (1024 * (size - 1) + (out - 1) // 2) // (out - 1)
    else:
        step = (1024 * size + out // 2) // out
    place = np.arange(out, dtype=np.int64) * step + (step // 2 - 512 if grid.centers else 0)
    # C's division cuts towards zero; below 0 both ends are cell 0.
    before = np.maximum(place, 0) // 1024
    behind = np.minimum(np.maximum(place + 1023, 0) // 1024, size - 1)
    return Ends(before, behind, place - 1024 * before)


def floats(size: int, out: int, grid: Grid) -> Ends:
    """Weights float32, as LiteRT's reference kernel."""
    offset = _HALF if grid.centers else np.float32(0)
    place = (np.arange(out, dtype=np.float32) + offset) * scale(size, out, grid) - offset
    before = np.maximum(np.floor(place), 0)
    behind = np.minimum(np.ceil(place), size - 1)
    return Ends(before.astype(np.int64), behind.astype(np.int64), (place - before).astype(np.float32))


def clipped_floats(size: int, out: int, grid: Grid) -> Ends:
    """Weights float32 in [0, 1), as XNNPACK."""
    step = scale(size, out, grid)
    place = np.arange(out, dtype=np.float32) * step
    if grid.centers:
        place = np.maximum(np.float32(0), place + (_HALF * step - _HALF))
    place = np.minimum(place, np.float32(size - 1))
    before = place.astype(np.int64)
    return Ends(before, np.minimum(before + 1, size - 1), place - before.astype(np.float32))


def eleven_bits(size: int, out: int, grid: Grid) -> Ends:
    """Weights int32, 2048 for one, as XNNPACK."""
    ends = clipped_floats(size, out, grid)
    return Ends(ends.before, ends.behind, np.round(ends.weight * np.float32(2048)).astype(np.int32))


def _corners(xp, x, rows: Ends, columns: Ends):
    """Top left, top right, bottom left, bottom right of each output pixel, and the weights of right and bottom."""
    before, behind = xp.take(x, rows.before, axis=1), xp.take(x, rows.behind, axis=1)
    top = xp.take(before, columns.before, axis=2), xp.take(before, columns.behind, axis=2)
    bottom = xp.take(behind, columns.before, axis=2), xp.take(behind, columns.behind, axis=2)
    return (*top, *bottom, columns.weight[None, None, :, None], rows.weight[None, :, None, None])


def in_ten_bits(xp, x, rows: Ends, columns: Ends, dtype: str = "int32"):
    """int8; int16 in int64: one sum of four products."""
    rows, columns = (Ends(ends.before, ends.behind, ends.weight.astype(dtype)) for ends in (rows, columns))
    tl, tr, bl, br, wx, wy = _corners(xp, xp.cast(x, dtype), rows, columns)
    total = (tl * (1024 - wx) + tr * wx) * (1024 - wy) + (bl * (1024 - wx) + br * wx) * wy
    magnitude = xp.right_shift(xp.abs(total) + 2**19, xp.asarray(20, dtype))
    return xp.where(total > 0, magnitude, -magnitude)


def in_eleven_bits(xp, x, rows: Ends, columns: Ends):
    """int8, uint8: along the width, then the height."""
    tl, tr, bl, br, wx, wy = _corners(xp, xp.cast(x, "int32"), rows, columns)
    top, bottom = tl * 2048 + (tr - tl) * wx, bl * 2048 + (br - bl) * wx
    return xp.right_shift(top * 2048 + (bottom - top) * wy + 2**21, xp.asarray(22, "int32"))


in_wide_ten_bits = partial(in_ten_bits, dtype="int64")
# Of stored integers, by their largest code: (ends, resize(xp, x, rows, columns)).
FORMS: dict[int, dict[Profile, tuple[Callable[..., Ends], Callable[..., Any]]]] = {
    127: {LITERT: (ten_bits, in_ten_bits), XNNPACK: (eleven_bits, in_eleven_bits), TFLM: (ten_bits, in_ten_bits)},
    32767: dict.fromkeys((LITERT, XNNPACK, TFLM), (ten_bits, in_wide_ten_bits)),
}


def integers(
    xp, profile: Profile, q, size: tuple[int, int], corners: bool = False, centers: bool = False, qmax: int = 127
):
    """Stored integers [n, *size, c] of stored integers q [n, h, w, c], whole numbers; both on one grid.

    corners, centers: align_corners and half_pixel_centers. qmax: of the grid, 127 or 32767.
    """
    ends, resize = FORMS[qmax][profile]
    grid = Grid(size, corners, centers)
    return resize(xp, q, ends(q.shape[1], size[0], grid), ends(q.shape[2], size[1], grid))


def _stored(resize) -> Resize:
    return lambda x, rows, columns: resize(arrays, x, rows, columns).astype(x.dtype, copy=False)


def in_floats(x: np.ndarray, rows: Ends, columns: Ends) -> np.ndarray:
    """float32 and uint8, in the reference kernel's order."""
    tl, tr, bl, br, wx, wy = _corners(arrays, x.astype(np.float32), rows, columns)
    y = tl * (_ONE - wy) * (_ONE - wx) + bl * wy * (_ONE - wx) + tr * (_ONE - wy) * wx + br * wy * wx
    return y if x.dtype == np.float32 else (y + _HALF).astype(x.dtype)


def in_products(x: np.ndarray, rows: Ends, columns: Ends) -> np.ndarray:
    """float32 and uint8, in the optimized kernel's order."""
    tl, tr, bl, br, wx, wy = _corners(arrays, x.astype(np.float32), rows, columns)
    left, top = _ONE - wx, _ONE - wy
    y = tl * (top * left) + tr * (top * wx) + bl * (wy * left) + br * (wy * wx)
    return y if x.dtype == np.float32 else (y + _HALF).astype(x.dtype)


def in_steps(x: np.ndarray, rows: Ends, columns: Ends) -> np.ndarray:
    """float32: along the width, then the height."""
    tl, tr, bl, br, wx, wy = _corners(arrays, x, rows, columns)
    top, bottom = tl + (tr - tl) * wx, bl + (br - bl) * wx
    return top + (bottom - top) * wy


_REFERENCE = {
    "INT8": (ten_bits, _stored(in_ten_bits)),
    "INT16": (ten_bits, _stored(in_wide_ten_bits)),
    "UINT8": (floats, in_floats),
    "FLOAT32": (floats, in_floats),
}
_DELEGATED = {
    "INT8": (eleven_bits, _stored(in_eleven_bits)),
    "UINT8": (eleven_bits, _stored(in_eleven_bits)),
    "FLOAT32": (clipped_floats, in_steps),
}


_OPTIMIZED = _REFERENCE | {"UINT8": (floats, in_products), "FLOAT32": (floats, in_products)}


def _built_in(node: Node, grid: Grid):
    return _REFERENCE[given(node).type]


def _delegated(node: Node, grid: Grid):
    x, y = given(node), node.outputs[0]
    scaled = x.type == "FLOAT32" or (x.quantization is not None and y.quantization is not None)
    if x.type in _DELEGATED and scaled and pinned(node, 1):
        if x.type != "FLOAT32":
            same_parameters(node, x, y)
        return _DELEGATED[x.type]
    _, height, width, channels = x.shape
    eightfold = grid.size == (8 * height, 8 * width) and grid.centers and channels % 8 == 0
    if x.type == "UINT8" and eightfold:
        raise node.unsupported("UINT8 of eight times the size goes to a kernel tfq does not define; give it a scale")
    return _OPTIMIZED[x.type]


METHODS = {LITERT: _built_in, XNNPACK: _delegated, TFLM: _built_in}


def prepare(node: Node, profile: Profile) -> Params:
    """The cells and weights. Raises Unsupported for types, shapes, sizes, and scales that XNNPACK refuses."""
    shape = moved(node, profile, TYPES).shape
    grid = grid_of(node)
    if grid.corners and grid.centers:
        raise node.unsupported("half_pixel_centers and align_corners exclude each other")
    ends, resize = METHODS[profile](node, grid)
    return Params(resize, ends(shape[1], grid.size[0], grid), ends(shape[2], grid.size[1], grid))


def evaluate(params: Params, x, size=None) -> np.ndarray:
    """x: [N, H, W, C] -> [N, height, width, C]."""
    return by_rows(lambda part: _resized(params, part), x)


def _resized(params: Params, x: np.ndarray) -> np.ndarray:
    """A block of output rows at a time, each from the input rows that it needs."""
    rows = params.rows
    height = len(rows.before)
    line = max(1, len(x) * x.shape[3] * max(len(params.columns.before), x.shape[2]))
    step = max(1, BLOCK // line)
    parts = []
    for first in range(0, height, step):
        cut = slice(first, first + step)
        before, behind = rows.before[cut], rows.behind[cut]
        low, high = min(before.min(), behind.min()), max(before.max(), behind.max())
        ends = Ends(before - low, behind - low, rows.weight[cut])
        parts.append(params.resize(x[:, low : high + 1], ends, params.columns))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
