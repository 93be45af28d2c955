"""Operations that pick elements by constant positions: slices, takes, flips, rolls, repeats, tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.shapes import axis_of, require_whole, sliced

_WHOLE = slice(None)


def _get_item(net: Net, call: Call) -> Value:
    """Python's x[key] of slices, whole numbers, None and Ellipsis; axis 0 is the batch and stays."""
    x, key = call.args
    keys, new_axes = _keys_of(key if isinstance(key, (tuple, list)) else (key,), len(x.shape))
    if 0 in new_axes or not _is_whole(keys[0]):
        raise net.refuse(f"x[{_text(key)}] cuts the batch", "start with `:`, x[:, ...]")
    slices: list[tuple[int, int, int]] = []
    backwards: dict[int, range] = {}
    for axis, (part, size) in enumerate(zip(keys[1:], x.shape[1:], strict=True), 1):
        picked = _positions(part, int(size or 0))
        if len(picked) == 0:
            raise net.refuse(f"x[{_text(key)}] is empty", "keep at least one element")
        if picked.step < 0:
            backwards[axis] = picked
        slices.append((0, int(size or 0), 1) if picked.step < 0 else (picked.start, picked[-1] + 1, picked.step))
    made = sliced(net, x, slices)
    for axis, picked in backwards.items():
        made = net.gather(made, picked, axis)
    if made.shape == call.output.shape:
        return made
    require_whole(net, call)
    return net.reshape(made, [-1, *call.output.shape[1:]])


def _keys_of(key: Sequence[Any], rank: int) -> tuple[list[Any], list[int]]:
    """(one key an axis of x, the axes of the result that None makes)."""
    used = sum(part is not None and part is not Ellipsis for part in key)
    key = list(key) if any(part is Ellipsis for part in key) else [*key, Ellipsis]
    keys: list[Any] = []
    new_axes: list[int] = []
    for position, part in enumerate(key):
        if part is Ellipsis:
            keys += [_WHOLE] * (rank - used)
        elif part is None:
            new_axes.append(position)
        else:
            keys.append(part)
    return keys, new_axes


def _is_whole(part: Any) -> bool:
    return isinstance(part, slice) and part.start in (None, 0) and part.stop is None and part.step in (None, 1)


def _positions(part: Any, size: int) -> range:
    if isinstance(part, slice):
        return range(size)[part]
    start = int(part) % size
    return range(start, start + 1)


def _text(key: Any) -> str:
    parts = key if isinstance(key, (tuple, list)) else (key,)
    return ", ".join("..." if part is Ellipsis else _slice_text(part) for part in parts)


def _slice_text(part: Any) -> str:
    if not isinstance(part, slice):
        return str(part)
    return ":".join("" if n is None else str(n) for n in (part.start, part.stop, part.step)).removesuffix(":")


def _slice(net: Net, call: Call) -> Value:
    x, start = tensor(call), call.kwargs.get("start_indices", call.args[1] if len(call.args) > 1 else None)
    if any(isinstance(n, Value) for n in keras.tree.flatten(start)):
        raise net.refuse("start_indices is a tensor", "use constant positions")
    starts = [int(n) for n in np.ravel(keras.ops.convert_to_numpy(start))]
    shape = list(call.layer.shape)
    if starts[0] != 0 or shape[0] not in (None, -1, x.shape[0]):
        raise net.refuse("it cuts the batch", "start at 0 with all of axis 0: x[:, ...]")
    return sliced(net, x, [(a, a + int(n), 1) for a, n in zip(starts[1:], shape[1:], strict=True)])


def _take(net: Net, call: Call) -> Value:
    """Constant indices of any shape along one axis."""
    x, indices = call.args[0], call.kwargs.get("indices", call.args[1] if len(call.args) > 1 else None)
    if not isinstance(x, Value) or any(isinstance(i, Value) for i in keras.tree.flatten(indices)):
        raise net.refuse(
            "the indices are a tensor", "use constant indices, or an Embedding layer for a table of weights"
        )
    axis = axis_of(net, call.layer.axis, len(x.shape))
    size = int(x.shape[axis] or 0)
    found = np.asarray(keras.ops.convert_to_numpy(indices)).astype(np.int64)
    if found.size == 0 or found.min() < -size or found.max() >= size:
        raise net.refuse(f"indices reach beyond the {size} elements of axis {axis}", "use indices inside the axis")
    made = net.gather(x, found.ravel() % size, axis)
    shape = [-1, *x.shape[1:axis], *found.shape, *x.shape[axis + 1 :]]
    return made if found.ndim == 1 else net.reshape(made, shape)


def _flip(net: Net, call: Call) -> Value:
    x, axes = tensor(call), call.layer.axis
    for axis in [axes] if axes is None or isinstance(axes, int) else axes:
        axis = axis_of(net, axis, len(x.shape))
        x = net.gather(x, range(int(x.shape[axis] or 0))[::-1], axis)
    return x


def _roll(net: Net, call: Call) -> Value:
    x, axes = tensor(call), call.layer.axis
    axes = [axes] if axes is None or isinstance(axes, int) else list(axes)
    shifts = np.broadcast_to(call.layer.shift, (len(axes),)).tolist()
    for axis, shift in zip(axes, shifts, strict=True):
        axis = axis_of(net, axis, len(x.shape))
        x = net.gather(x, np.roll(np.arange(int(x.shape[axis] or 0)), shift), axis)
    return x


def _repeat(net: Net, call: Call) -> Value:
    x = tensor(call)
    axis = axis_of(net, call.layer.axis, len(x.shape))
    return net.gather(x, np.repeat(np.arange(int(x.shape[axis] or 0)), call.layer.repeats), axis)


def _tile(net: Net, call: Call) -> Value:
    x = tensor(call)
    repeats = np.atleast_1d(call.layer.repeats).astype(int).tolist()
    repeats = [1] * (len(x.shape) - len(repeats)) + repeats
    if len(repeats) > len(x.shape) or repeats[0] != 1:
        raise net.refuse("it repeats the batch", "repeat along the other axes only")
    for axis, times in enumerate(repeats):
        if times != 1:
            x = net.gather(x, np.tile(np.arange(int(x.shape[axis] or 0)), times), axis)
    return x


def _broadcast_to(net: Net, call: Call) -> Value:
    x, shape = tensor(call), list(call.layer.shape)
    if len(shape) != len(x.shape):
        raise net.refuse(f"from {len(x.shape)} to {len(shape)} axes moves the batch", "expand_dims first")
    for axis, (size, goal) in enumerate(zip(x.shape, shape, strict=True)):
        if axis > 0 and size != goal:
            x = net.gather(x, [0] * int(goal), axis)
    return x


def _repeat_vector(net: Net, call: Call) -> Value:
    x = tensor(call)
    return net.gather(net.reshape(x, [-1, 1, *x.shape[1:]]), [0] * call.layer.n, 1)


def _triangle(cut: Any) -> Rule:
    """tril, triu: a product with ones and zeros."""

    def rule(net: Net, call: Call) -> Value:
        x = tensor(call)
        if len(x.shape) < 3:
            raise net.refuse("the triangle takes in the batch", "give it matrices: [batch, rows, columns]")
        mask = cut(np.ones([size or 0 for size in x.shape[-2:]], np.float32), call.layer.k)
        return net.multiply(x, mask.reshape((1,) * (len(x.shape) - 2) + mask.shape))

    return rule


def _diff(net: Net, call: Call) -> Value:
    x = tensor(call)
    require_whole(net, call)
    axis = axis_of(net, call.layer.axis, len(x.shape))
    for _ in range(call.layer.n):
        size = int(x.shape[axis] or 0)
        x = net.subtract(net.slice(x, axis, 1, size), net.slice(x, axis, 0, size - 1))
    return x


RULES: dict[type, Rule] = {
    keras.layers.RepeatVector: _repeat_vector,
    operation("core", "Slice"): _slice,
    operation("numpy", "GetItem"): _get_item,
    operation("numpy", "Take"): _take,
    operation("numpy", "Flip"): _flip,
    operation("numpy", "Roll"): _roll,
    operation("numpy", "Repeat"): _repeat,
    operation("numpy", "Tile"): _tile,
    operation("numpy", "BroadcastTo"): _broadcast_to,
    operation("numpy", "Tril"): _triangle(np.tril),
    operation("numpy", "Triu"): _triangle(np.triu),
    operation("numpy", "Diff"): _diff,
}
