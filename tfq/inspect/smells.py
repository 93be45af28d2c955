"""What a reader of a quantized file would frown at: one line each, with the op, the tensor and the figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfq.inspect.ranges import Grid, attainable, grid_of
from tfq.ops import TABLE
from tfq.tflite.model import Model, Operator, Subgraph, Tensor

INTEGERS = ("INT8", "UINT8", "INT16")
FLOATS = ("FLOAT32", "FLOAT16", "FLOAT64")
FEW_CODES = 8
WIDE_SCALE = 0.5
WASTED = 4.0
INT32 = 2**31
# Channel axis of the weights (input 1) of ops with a weight per output channel.
CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}


@dataclass(frozen=True)
class Place:
    """One op in its subgraph."""

    number: int
    index: int
    op: Operator
    graph: Subgraph

    def input(self, position: int) -> Tensor | None:
        present = position < len(self.op.inputs) and self.op.inputs[position] >= 0
        return self.graph.tensors[self.op.inputs[position]] if present else None

    @property
    def output(self) -> Tensor | None:
        return self.graph.tensors[self.op.outputs[0]] if self.op.outputs and self.op.outputs[0] >= 0 else None

    def __str__(self) -> str:
        where = f"subgraph {self.number} " if self.number else ""
        name = self.output.name if self.output else ""
        return f"{where}op {self.index} {self.op.code} {short(name)!r}"


def short(name: str, length: int = 40) -> str:
    """The name's end, where converters put what tells tensors apart."""
    return name if len(name) <= length else "…" + name[1 - length :]


def smells(model: Model) -> tuple[str, ...]:
    """All lines, file-wide ones first, then in op order."""
    lines = [*_unsupported(model), *_signature(model), *_float_tensors(model), *_wide_inputs(model)]
    for number, graph in enumerate(model.subgraphs):
        lines += _bad_scales(number, graph)
        for index, op in enumerate(graph.operators):
            place = Place(number, index, op, graph)
            for check in (_pinned_batch, _channels, _bias, _wide_scale):
                lines += check(place)
    return tuple(lines)


def _unsupported(model: Model) -> Iterator[str]:
    lacking = {kind for graph in model.subgraphs for op in graph.operators if (kind := _lacking(graph, op))}
    if lacking:
        yield f"tfq has no arithmetic for {', '.join(sorted(lacking))}: tfq.Interpreter and tfq parity refuse this file"


def _lacking(graph: Subgraph, op: Operator) -> str:
    """The op's name, with its type where only that is unknown; nothing where the op is known."""
    if op.code not in TABLE:
        return op.custom_code or op.code
    first = graph.tensors[op.inputs[0]].type if op.inputs and op.inputs[0] >= 0 else ""
    return "" if not first or first in TABLE[op.code].SPEC.types else f"{op.code} of {first}"


def _signature(model: Model) -> Iterator[str]:
    if not model.signatures:
        yield "no signature: inputs and outputs have no names of their own, only tensor names"


def _float_tensors(model: Model) -> Iterator[str]:
    """Float activations, in a file that has integer ones."""
    made = [(g, op, i) for g in model.subgraphs for op in g.operators for i in op.outputs if i >= 0]
    kinds = {g.tensors[i].type for g, _, i in made}
    heavy = [(g, op) for g in model.subgraphs for op in g.operators if op.code in CHANNEL_AXIS and len(op.inputs) > 1]
    mixed = [(real, whole) for real in FLOATS for whole in (*INTEGERS, "INT4")]
    hybrid = [op for g, op in heavy if _types(g, op) in mixed]
    if hybrid:
        yield f"{len(hybrid)} ops have integer weights and float activations: hybrid kernels, no integer arithmetic"
    if not kinds & set(INTEGERS):
        return
    for number, g in enumerate(model.subgraphs):
        for i in g.inputs:
            if i >= 0 and g.tensors[i].type in FLOATS:
                yield f"input {short(g.tensors[i].name)!r} is {g.tensors[i].type} in a file with integer ops"
        for index, op in enumerate(g.operators):
            for i in op.outputs:
                if i >= 0 and g.tensors[i].type in FLOATS:
                    yield f"{Place(number, index, op, g)}: {g.tensors[i].type} output in a file with integer ops"


def _types(graph: Subgraph, op: Operator) -> tuple[str, ...]:
    return tuple(graph.tensors[i].type if i >= 0 else "" for i in op.inputs[:2])


def _bad_scales(number: int, graph: Subgraph) -> Iterator[str]:
    for tensor in graph.tensors:
        grid = tensor.quantization
        if grid is not None and grid.scale.size and not (np.isfinite(grid.scale) & (grid.scale > 0)).all():
            yield f"tensor {short(tensor.name)!r}: a scale is zero, negative or not finite"


def _pinned_batch(place: Place) -> Iterator[str]:
    shape = place.input(1)
    if place.op.code != "RESHAPE" or shape is None or shape.data is None:
        return
    values = tuple(int(v) for v in shape.data.reshape(-1))
    if len(values) > 1 and values[0] == 1 and -1 not in values:
        yield f"{place}: shape {values} pins the batch to 1; with -1 first the file runs any batch"


def _channels(place: Place) -> Iterator[str]:
    """Channels of the weights that are all zero, or that use a few codes only."""
    weights = place.input(1)
    if place.op.code not in CHANNEL_AXIS or weights is None or weights.data is None or weights.quantization is None:
        return
    axis = CHANNEL_AXIS[place.op.code]
    if axis >= weights.data.ndim or weights.data.size == 0:
        return
    rows = np.moveaxis(weights.data, axis, 0).reshape(weights.data.shape[axis], -1).astype(np.int32)
    zero = int(weights.quantization.zero_point[0]) if weights.quantization.zero_point.size else 0
    highest, lowest = np.maximum(rows.max(1), zero), np.minimum(rows.min(1), zero)
    codes = highest - lowest + 1
    dead = np.flatnonzero(codes == 1)
    few = np.flatnonzero((codes > 1) & (codes < FEW_CODES) & (weights.type not in ("INT4", "INT2")))
    if len(dead):
        yield f"{place}: {_some(dead)} of {len(rows)} all zero: they give only their bias"
    if len(few):
        how = "per-channel scales would help" if weights.quantization.scale.size == 1 else "its scale is too wide"
        least = int(codes[few].min())
        yield f"{place}: {_some(few)} of {len(rows)} within fewer than {FEW_CODES} codes ({least}); {how}"


def _some(channels: np.ndarray) -> str:
    listed = ", ".join(str(c) for c in channels[:6])
    more = f" and {len(channels) - 6} more" if len(channels) > 6 else ""
    return f"weight channel{'s' if len(channels) > 1 else ''} {listed}{more}"


def _bias(place: Place) -> Iterator[str]:
    """Biases so large that the int32 accumulator can wrap."""
    position = 3 if place.op.code == "TRANSPOSE_CONV" else 2
    bias = place.input(position)
    if place.op.code not in CHANNEL_AXIS or bias is None or bias.data is None or bias.type != "INT32":
        return
    values = bias.data.reshape(-1).astype(np.int64)
    if np.abs(values).max(initial=0) >= INT32 // 2:
        channel = int(np.abs(values).argmax())
        yield f"{place}: bias {values[channel]} of channel {channel} is near int32's limit: sums can wrap"


def _wide_inputs(model: Model) -> Iterator[str]:
    """Inputs with a step of more than 0.5, but for bytes that stand for themselves (a step of 1)."""
    for tensor in (model.main.tensors[i] for i in model.main.inputs if i >= 0):
        grid = grid_of(tensor)
        if grid is not None and tensor.type in INTEGERS and WIDE_SCALE < grid.scale != 1:
            yield _thumb(f"input {short(tensor.name)!r}", grid)


def _thumb(where: str, grid: Grid) -> str:
    return f"{where}: scale {grid.scale:.3g} > {WIDE_SCALE}, range {grid}: do the data need it?"


def _wide_scale(place: Place) -> Iterator[str]:
    """A grid far wider than anything that the op can give; else, a step of more than 0.5."""
    grid = grid_of(place.output)
    if grid is None or place.output is None or place.output.type not in INTEGERS:
        return
    bounds = attainable(place.op, [place.input(k) for k in range(len(place.op.inputs))])
    if bounds is not None and bounds[1] - bounds[0] < (grid.high - grid.low) / WASTED:
        codes = (bounds[1] - bounds[0]) / grid.scale + 1
        most = f"[{bounds[0]:.3g}, {bounds[1]:.3g}]"
        yield f"{place}: scale {grid.scale:.3g} covers {grid}, the op gives at most {most}: {codes:.0f} codes"
    elif grid.scale > WIDE_SCALE and place.output.type != "INT16":
        yield _thumb(str(place), grid)
