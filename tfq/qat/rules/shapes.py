"""Layers and operations that give elements another shape or order: reshapes, transposes, joins, splits, pads, crops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor, tensors

_RANK_OF_SLICE = 5  # of SLICE, STRIDED_SLICE, PAD and TRANSPOSE in all runtimes


def require_channels_last(net: Net, call: Call) -> None:
    """Raises Unsupported for a layer with data_format channels_first."""
    if getattr(call.layer, "data_format", None) == "channels_first":
        raise net.refuse("data_format is channels_first", "TFLite has channels_last only")


def require_whole(net: Net, call: Call) -> None:
    """Raises Unsupported unless all sizes of the outputs but the batch's are known."""
    for output in call.outputs:
        if not output.shape or output.shape[0] is not None:
            raise net.refuse(f"output shape {output.shape} has no batch in front", "keep axis 0 as it is")
        if None in output.shape[1:]:
            raise net.refuse(f"output shape {output.shape} is not known", "write whole sizes, -1 for the batch")


def axis_of(net: Net, axis: Any, rank: int) -> int:
    """An axis counted from the front. Raises Unsupported for None (which takes in the batch) and for the batch."""
    if axis is None:
        raise net.refuse("without an axis it takes in the batch", "give an axis, or flatten first")
    if int(axis) % rank == 0:
        raise net.refuse("axis 0 is the batch", "use another axis")
    return int(axis) % rank


def sliced(net: Net, x: Value, slices: Sequence[Sequence[int]]) -> Value:
    """slices: (begin, end, step) of every axis but the batch, whole and positive."""
    whole = [(0, size, 1) for size in x.shape[1:]]
    if [tuple(s) for s in slices] == whole:
        return x
    if len(x.shape) <= _RANK_OF_SLICE:
        return net.move("slice", x, slices=[[int(n) for n in s] for s in slices])
    for axis, part in enumerate(slices, 1):
        if tuple(part) != whole[axis - 1]:
            x = net.gather(x, range(*part), axis)
    return x


def cut(net: Net, x: Value, axis: int, begin: int, end: int) -> Value:
    """x[..., begin:end, ...] along one axis."""
    slices: list[Sequence[int]] = [(0, int(size or 0), 1) for size in x.shape[1:]]
    slices[axis - 1] = (begin, end, 1)
    return sliced(net, x, slices)


def transposed(net: Net, x: Value, axes: Sequence[int]) -> Value:
    """A transpose of any rank: axes that stay neighbours travel as one where there are too many."""
    axes = [int(axis) % len(x.shape) for axis in axes]
    if len(axes) <= _RANK_OF_SLICE or axes[0] != 0:
        return net.transpose(x, axes)
    runs: list[list[int]] = []
    for axis in axes:
        if runs and axis == runs[-1][-1] + 1 and runs[-1] != [0]:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    order = sorted(range(len(runs)), key=lambda i: runs[i][0])
    joined = [int(np.prod([x.shape[axis] or 1 for axis in runs[i]])) for i in order[1:]]
    moved = net.transpose(net.reshape(x, [-1, *joined]), [order.index(i) for i in range(len(runs))])
    return net.reshape(moved, [-1, *(x.shape[axis] for axis in axes[1:])])


def _reshape(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    require_whole(net, call)
    x, shape = tensor(call), call.output.shape
    if len(shape) == 1 and np.prod([size or 0 for size in x.shape[1:]]) != 1:
        raise net.refuse("it folds all of a sample into the batch", "use Flatten, or reshape to (-1, size)")
    return net.reshape(x, [-1, *shape[1:]])


def _concatenate(net: Net, call: Call) -> Value:
    return net.concatenate(tensors(call), call.layer.axis)


def _joined_along(axis: int) -> Rule:
    """hstack, vstack, dstack. Vectors of one number a sample have no such axis but the batch."""

    def rule(net: Net, call: Call) -> Value:
        require_whole(net, call)
        values = tensors(call)
        if axis == 2 and len(values[0].shape) == 2:
            values = [net.reshape(value, [-1, *value.shape[1:], 1]) for value in values]
        return net.concatenate(values, axis)

    return rule


def _transpose(net: Net, call: Call) -> Value:
    x = tensor(call)
    return transposed(net, x, call.layer.axes or range(len(x.shape))[::-1])


def _move_axis(net: Net, call: Call) -> Value:
    x = tensor(call)
    order = list(range(len(x.shape)))
    sources = np.atleast_1d(call.layer.source) % len(order)
    targets = np.atleast_1d(call.layer.destination) % len(order)
    rest = iter([axis for axis in order if axis not in sources])
    placed = dict(zip(targets.tolist(), sources.tolist(), strict=True))
    return transposed(net, x, [placed[i] if i in placed else next(rest) for i in order])


def _swap_axes(net: Net, call: Call) -> Value:
    order = list(range(len(tensor(call).shape)))
    a, b = call.layer.axis1, call.layer.axis2
    order[a], order[b] = order[b], order[a]
    return transposed(net, tensor(call), order)


def _permute(net: Net, call: Call) -> Value:
    return transposed(net, tensor(call), (0, *call.layer.dims))


def _zero_padding(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    padding = call.layer.padding
    padding = [padding] if isinstance(padding[0], int) else list(padding)
    return net.pad(tensor(call), [*padding, (0, 0)])


def _pad(net: Net, call: Call) -> Value:
    """Zeros by PAD; another constant c as pad(x - c) + c; reflections by gathers."""
    x, layer = tensor(call), call.layer
    pairs = [np.broadcast_to(pair, (2,)).tolist() for pair in layer.pad_width]
    widths = [(int(before), int(after)) for before, after in pairs]
    widths = widths * len(x.shape) if len(widths) == 1 else widths
    if widths[0] != (0, 0):
        raise net.refuse("it pads the batch", "give (0, 0) for axis 0")
    if layer.mode == "constant":
        values = call.kwargs.get("constant_values", call.args[1] if len(call.args) > 1 else None)
        return _padded_with(net, x, widths[1:], 0.0 if values is None else float(np.ravel(values)[0]))
    for axis, (before, after) in enumerate(widths):
        if (before, after) != (0, 0):
            x = net.gather(x, np.pad(np.arange(x.shape[axis] or 1), (before, after), layer.mode), axis)
    return x


def _padded_with(net: Net, x: Value, widths: Sequence[tuple[int, int]], value: float) -> Value:
    if not np.isfinite(value):
        raise net.refuse(f"padding with {value}", "pad with a finite number near the tensor's own range")
    if value == 0:
        return net.pad(x, widths)
    return net.add(net.pad(net.subtract(x, value), widths), value)


def _crop(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    x, cropping = tensor(call), call.layer.cropping
    cropping = [cropping] if isinstance(cropping[0], int) else list(cropping)
    sizes = [int(size or 0) for size in x.shape[1:-1]]
    kept = [(before, size - after, 1) for (before, after), size in zip(cropping, sizes, strict=True)]
    return sliced(net, x, [*kept, (0, int(x.shape[-1] or 0), 1)])


def _split(net: Net, call: Call) -> list[Value]:
    x = tensor(call)
    return _pieces(net, call, axis_of(net, call.layer.axis, len(x.shape)))


def _split_along(axis: int) -> Rule:
    return lambda net, call: _pieces(net, call, axis_of(net, axis, len(tensor(call).shape)))


def _pieces(net: Net, call: Call, axis: int) -> list[Value]:
    sizes = [int(output.shape[axis] or 0) for output in call.outputs]
    if 0 in sizes:
        raise net.refuse("one of the parts is empty", "split into parts of at least one element")
    ends = np.cumsum(sizes).tolist()
    return [cut(net, tensor(call), axis, end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _unstack(net: Net, call: Call) -> list[Value]:
    x = tensor(call)
    axis = axis_of(net, call.layer.axis, len(x.shape))
    rest = [-1, *(size for i, size in enumerate(x.shape) if i not in (0, axis))]
    return [net.reshape(cut(net, x, axis, i, i + 1), rest) for i in range(int(x.shape[axis] or 0))]


def _stack(net: Net, call: Call) -> Value:
    values, axis = tensors(call), axis_of(net, call.layer.axis, len(call.output.shape))
    entries = [-1, *(n for n in values[0].shape[1:])]
    entries.insert(axis, 1)
    return net.concatenate([net.reshape(value, entries) for value in values], axis)


_L = keras.layers
RULES: dict[type, Rule] = {
    _L.Flatten: _reshape,
    _L.Reshape: _reshape,
    _L.Permute: _permute,
    _L.Concatenate: _concatenate,
    _L.ZeroPadding1D: _zero_padding,
    _L.ZeroPadding2D: _zero_padding,
    _L.ZeroPadding3D: _zero_padding,
    _L.Cropping1D: _crop,
    _L.Cropping2D: _crop,
    _L.Cropping3D: _crop,
    operation("numpy", "Reshape"): _reshape,
    operation("numpy", "Ravel"): _reshape,
    operation("numpy", "ExpandDims"): _reshape,
    operation("numpy", "Squeeze"): _reshape,
    operation("numpy", "Transpose"): _transpose,
    operation("numpy", "Moveaxis"): _move_axis,
    operation("numpy", "Swapaxes"): _swap_axes,
    operation("numpy", "Pad"): _pad,
    operation("numpy", "Concatenate"): _concatenate,
    operation("numpy", "Hstack"): _joined_along(1),
    operation("numpy", "Vstack"): _joined_along(0),
    operation("numpy", "Dstack"): _joined_along(2),
    operation("numpy", "Split"): _split,
    operation("numpy", "ArraySplit"): _split,
    operation("numpy", "Hsplit"): _split_along(1),
    operation("numpy", "Dsplit"): _split_along(2),
    operation("numpy", "Stack"): _stack,
    operation("core", "Unstack"): _unstack,
}
