"""STRIDED_SLICE: of each axis every `stride`-th cell from `begin` to before `end`. Stored values are copied.

Negative positions count from the end, and positions outside are taken to the nearest end. Masks, bit i for entry i:
begin_mask, end_mask: from the first, to the last cell; shrink_axis_mask: the cell at `begin` alone, without its axis;
new_axis_mask: a new axis of size 1; ellipsis_mask: all axes that other entries leave over. With `offset`, `end` counts
from `begin`. Axes without an entry are kept.

tflm wants an entry for each of up to four axes and takes neither new axes nor an ellipsis. xnnpack refuses to load
unless 8-bit input and output share scale and zero point, where all strides are 1 and no axis comes or goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.numerics.profiles import LITERT, TFLM, XNNPACK, Profile
from tfq.ops.checks import given, require_rank
from tfq.ops.contract import Node, Spec, rows_apart
from tfq.ops.movement import COPIED, moved, operand, pinned, same_grid_if_delegated, types_of

TYPES = {LITERT: COPIED, XNNPACK: COPIED, TFLM: ("INT8", "INT16", "INT32", "BOOL", "FLOAT32")}
SPEC = Spec(
    "STRIDED_SLICE",
    types_of(TYPES),
    "google-ai-edge/LiteRT tflite/kernels/strided_slice.cc, internal/reference/strided_slice.h; "
    "google/XNNPACK src/subgraph/static-slice.c; "
    "tensorflow/tflite-micro tensorflow/lite/micro/kernels/strided_slice_common.cc",
)

LARGEST_RANK = {LITERT: 8, XNNPACK: 8, TFLM: 4}
# The kernels keep a bit for each entry in 32-bit masks.
_MOST_ENTRIES = 31


WITH_NEW_AXES = {LITERT: True, XNNPACK: True, TFLM: False}


def _any_grids(node: Node) -> None:
    pass


def _same_grids_if_delegated(node: Node) -> None:
    strides = operand(node, 3, "the strides")
    comes_or_goes = any(_mask(node, name) for name in ("ellipsis", "new_axis", "shrink_axis"))
    kept = pinned(node, 1, 2, 3) and not comes_or_goes
    if kept and set(strides) == {1} and len(strides) == len(given(node).shape):
        same_grid_if_delegated(node, given(node), node.outputs[0])


CHECK_GRIDS = {LITERT: _any_grids, XNNPACK: _same_grids_if_delegated, TFLM: _any_grids}


@dataclass(frozen=True, eq=False)
class Params:
    """index: the cells of each axis of the input in order, None for a new axis."""

    index: tuple[slice | int | None, ...]


def prepare(node: Node, profile: Profile) -> Params:
    """The cells. Raises Unsupported for types, ranks, entries that do not fit the input, and differing scales."""
    moved(node, profile, TYPES)
    require_rank(node, LARGEST_RANK[profile])
    extras = [name for name in ("ellipsis_mask", "new_axis_mask", "offset") if node.options.get(name)]
    entries = len(operand(node, 1, "the beginnings"))
    if not WITH_NEW_AXES[profile] and (extras or entries != len(given(node).shape)):
        raise node.unsupported(
            f"{profile.name} takes an entry for each axis and no {', '.join(extras) or 'other'}, received {entries}"
        )
    CHECK_GRIDS[profile](node)
    index = _index(node)
    return Params((slice(None), *index[1:]) if stacks(node) else index)


def _mask(node: Node, name: str) -> int:
    return int(node.options.get(f"{name}_mask", 0))


def _index(node: Node) -> tuple[slice | int | None, ...]:
    """One index for each axis of the input or new one."""
    begin = operand(node, 1, "the beginnings")
    end, strides = (operand(node, i, name, len(begin)) for i, name in ((2, "the ends"), (3, "the strides")))
    shape, entries = given(node).shape, range(len(begin))
    ellipses = [i for i in entries if _mask(node, "ellipsis") >> i & 1]
    new = {i for i in entries if _mask(node, "new_axis") >> i & 1} - set(ellipses)
    left_over = len(shape) - (len(begin) - len(ellipses) - len(new))
    if len(begin) > _MOST_ENTRIES or left_over < len(ellipses) or len(ellipses) > 1:
        raise node.unsupported(f"{len(begin)} entries, ellipses {ellipses} among them, do not fit shape {list(shape)}")
    index: list[slice | int | None] = []
    axis = 0
    for i in entries:
        if i in new:
            index.append(None)
        elif i in ellipses:
            index += [slice(None)] * left_over
            axis += left_over
        else:
            index.append(_cells(node, i, shape[axis], begin[i], end[i], strides[i]))
            axis += 1
    return (*index, *[slice(None)] * (len(shape) - axis))


def _cells(node: Node, entry: int, size: int, begin: int, end: int, stride: int) -> slice | int:
    """The cells that one entry takes of an axis of that size."""
    if stride == 0:
        raise node.unsupported("strides must not be 0")
    lowest, highest = (0, size) if stride > 0 else (-1, size - 1)
    first, last = (0, size) if stride > 0 else (size - 1, -1)

    def clamped(position: int) -> int:
        return min(max(position + size if position < 0 else position, lowest), highest)

    start = first if _mask(node, "begin") >> entry & 1 else clamped(begin)
    if _mask(node, "shrink_axis") >> entry & 1:
        if not 0 <= start < size or stride < 0:
            raise node.unsupported(f"entry {entry} takes cell {begin} by steps of {stride} of an axis of {size}")
        return start
    offset = bool(node.options.get("offset"))
    stop = last if _mask(node, "end") >> entry & 1 else clamped(end + start if offset else end)
    count = len(range(start, stop, stride))
    if offset and count != len(range(0, end, stride)):
        raise node.unsupported(f"entry {entry} takes {end} cells from {begin} on of an axis of {size}")
    return slice(start, None if stop < 0 else stop, stride) if count else slice(0, 0)


def stacks(node: Node) -> bool:
    """Samples may be stacked where their axis is kept."""
    first = (*_index(node), None)[0]
    return rows_apart(node) and isinstance(first, slice) and range(1)[first] == range(1)


def evaluate(params: Params, x, begin=None, end=None, strides=None) -> np.ndarray:
    """x -> the cells of it."""
    return np.asarray(x[params.index], order="C")
