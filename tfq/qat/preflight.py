"""preflight: a table of what becomes of each of the user's layers, read off the quantized network before any training.

The network is built, given the range [-1, 1] everywhere and lowered; so what the table says of ops, widths, scales and
QUANTIZEs is what export will write, and only the scales' values are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tfq.errors import Unsupported
from tfq.qat import build
from tfq.qat.calibrate import quantized_layers
from tfq.qat.capture import Call, Graph, Value, capture
from tfq.qat.elementwise import QuantizedInput, Requantize
from tfq.qat.lower import lower
from tfq.qat.part import Part
from tfq.qat.plan import Plan
from tfq.qat.program import Program, Step
from tfq.qat.rules import decompose, known
from tfq.qat.weighted import WeightedLayer
from tfq.recipe import Recipe

HEADS = ("layer", "is", "ops", "bits", "scale", "becomes")
_MOST_NAMES = 3
_MOST_OPS = 6


@dataclass(frozen=True)
class LayerPlan:
    """What becomes of one of the user's layers, operations or inputs.

    ops: of the file, in order, "CONV_2D +RELU6". activation_bits: of its output, None where it makes none of its own.
    weight_bits: None without weights. takes_in: layers folded into it. folded_into: the layer that takes it in.
    scale: where the output's comes from: "own", "fixed 1/256", "as NAME" (keeps the grid of its input), "one with
    NAMES" (a range joined with theirs). shares: all layers whose outputs have that scale. quantizes: one line for each
    QUANTIZE put before it. refused: why it has no int8 form, and the way out.
    """

    name: str
    kind: str
    ops: tuple[str, ...] = ()
    activation_bits: int | None = None
    weight_bits: int | None = None
    takes_in: tuple[str, ...] = ()
    folded_into: str = ""
    scale: str = ""
    shares: tuple[str, ...] = ()
    quantizes: tuple[str, ...] = ()
    refused: str = ""

    @property
    def bits(self) -> str:
        """W8A8, A8 without weights, float for a layer that the recipe leaves out."""
        if self.activation_bits is None:
            return "float" if self.ops and all(op.endswith("(float)") for op in self.ops) else ""
        return (f"W{self.weight_bits}" if self.weight_bits else "") + f"A{self.activation_bits}"

    @property
    def becomes(self) -> str:
        """The rest in words."""
        if self.refused:
            return "refused"
        if self.folded_into:
            return f"folded into {self.folded_into}"
        if not self.ops and self.kind != "Input":
            return "nothing at inference"
        return "; ".join([*([f"takes in {names(self.takes_in)}"] if self.takes_in else ()), *self.quantizes])

    @property
    def cells(self) -> tuple[str, ...]:
        """Under HEADS."""
        return (self.name, self.kind, ops_line(self.ops), self.bits, self.scale, self.becomes)


@dataclass(frozen=True)
class Preflight:
    """layers: inputs first, then the model's calls in order. refused: sentences, all at once.

    notes: what the plan did (equalization). program: the network with ranges of [-1, 1]; None if anything is refused.
    owners: tensor of the file -> layer of the user's.
    """

    layers: tuple[LayerPlan, ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]
    program: Program | None
    owners: dict[str, str]

    def owner(self, tensor: str) -> str:
        """The user's layer that a tensor of the file comes from."""
        return self.owners.get(tensor.split("/")[0], tensor)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "layers": [asdict(layer) for layer in self.layers],
            "refused": list(self.refused),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        rows = [HEADS, *(layer.cells for layer in self.layers)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *(f"refused: {line}" for line in self.refused), *self.notes])


def preflight(model: Any, recipe: Recipe | None = None) -> Preflight:
    """What `quantize` would make of a model; refusals are in the result.

    Raises: TfqError: not a built float Keras model, or weights that are not finite.
    """
    try:
        return describe(build.plan(model, recipe))
    except Unsupported as error:
        refused = tuple(str(error).removeprefix("cannot quantize:\n  ").split("\n  "))
    try:
        graph = capture(model, known)
    except Unsupported:
        return Preflight((), refused, (), None, {})
    return Preflight((*_inputs(graph), *(_alone(call) for call in graph.calls)), refused, (), None, {})


def describe(planned: Plan) -> Preflight:
    """The table of a plan. Raises Unsupported and TfqError as `quantize` and `export` do."""
    model = build._build(planned, "preflight")
    for layer in quantized_layers(model):
        if layer.has_range:
            for site in range(layer.range.shape[0]):
                layer.set_range(site, -1.0, 1.0)
    with np.errstate(all="ignore"):  # a table of logarithms over [-1, 1]
        program = lower(model)
    return _Reader(planned, capture(model), program).read()


class _Reader:
    """Brings together the user's calls, the plan's parts, the quantized model's calls and the file's steps.

    rows: name of the user's call (or input) -> its row. tensors: tensor of the file -> name of the row that it is of.
    """

    def __init__(self, planned: Plan, quantized: Graph, program: Program) -> None:
        self.planned, self.quantized, self.program = planned, quantized, program
        self.rows = {row.name: row for row in _inputs(planned.graph)}
        self.rows |= {call.name: LayerPlan(call.name, _kind(call)) for call in planned.graph.calls}
        self.parts = _by_tensor(planned.parts)
        self.owner_of = self._owners()
        self.tensors = self._tensors()

    def read(self) -> Preflight:
        self._folded()
        self._ops()
        self._grids()
        return Preflight(tuple(self.rows.values()), (), tuple(self.planned.notes), self.program, self.tensors)

    def change(self, name: str, **fields: Any) -> None:
        self.rows[name] = replace(self.rows[name], **fields)

    def _owners(self) -> dict[Part, str]:
        """Part -> the user's call that it comes from; of parts of a layer inside one, that of what reads them."""
        found: dict[Part, str] = {}
        readers: dict[Value, Part] = {}
        for part in reversed(self.planned.parts):
            own = [name for name in (part.source, part.name, *part.fused) if name in self.rows]
            reader = readers.get(part.output)
            found[part] = own[0] if own else found[reader] if reader is not None else part.name
            readers |= dict.fromkeys(part.inputs, part)
        return found

    def _tensors(self) -> dict[str, str]:
        """By name of the quantized model's calls: of a part, of an input, or of a QUANTIZE, by what reads it."""
        found = {name: self.owner_of[part] for name, part in self.parts.items() if self.owner_of[part] in self.rows}
        entry = {layer.name for layer in _entries(self.quantized)}
        for call in self.quantized.calls:
            if call.name in entry:
                found[call.name] = self.quantized.input_names[self.quantized.inputs.index(call.inputs[0])]
        for name in self.quantized.input_names:
            found.setdefault(name, name)
        for call in reversed(self.quantized.calls):
            if call.name not in found:
                readers = [c for c in self.quantized.calls if call.output in c.inputs and c.name in found]
                found[call.name] = found[readers[0].name] if readers else call.name
        return found

    def _folded(self) -> None:
        """Who takes in whom, and who has no part left."""
        for part, owner in self.owner_of.items():
            taken = tuple(name for name in part.fused if name in self.rows and name != owner)
            if owner in self.rows and taken:
                self.change(owner, takes_in=(*self.rows[owner].takes_in, *taken))
                for name in taken:
                    self.change(name, folded_into=owner)
        present = {owner for part, owner in self.owner_of.items()}
        for call in self.planned.graph.calls:
            if call.name in present or self.rows[call.name].folded_into or _does_nothing(call):
                continue
            if reader := self._reader(call, present):
                self.change(call.name, folded_into=reader)

    def _reader(self, call: Call, present: set[str]) -> str:
        """The call that has the part that makes its output, else the next one behind it that has parts."""
        values = set(call.outputs)
        made = [owner for part, owner in self.owner_of.items() if part.output in values]
        if made:
            return made[0]
        for other in self.planned.graph.calls:
            if values.isdisjoint(other.inputs):
                continue
            if other.name in present:
                return other.name
            if self.rows[other.name].folded_into:
                return self.rows[other.name].folded_into
            values.update(other.outputs)
        return ""

    def _ops(self) -> None:
        for step in self.program.steps:
            name = self.tensors.get(step.output.name.split("/")[0], "")
            if name in self.rows:
                self.change(name, ops=(*self.rows[name].ops, _op(step)))

    def _grids(self) -> None:
        """Widths, scales and the QUANTIZEs between layers."""
        classes: dict[Any, list[str]] = {}
        for call in self.quantized.calls:
            classes.setdefault(_grid_key(call), []).append(self.tensors[call.name])
        for call in self.quantized.calls:
            name = self.tensors[call.name]
            if name not in self.rows:
                continue
            if call.name not in self.parts and not self._is_entry(call):
                self.change(name, quantizes=(*self.rows[name].quantizes, self._quantize(call)))
                continue
            if call.layer.is_float:
                continue
            owner, site = call.layer.owner(call.site)
            shares = tuple(dict.fromkeys(other for other in classes[_grid_key(call)] if other != name))
            weights = [call.layer.weight_bits] if isinstance(call.layer, WeightedLayer) else []
            narrow = [self.rows[name].weight_bits, *weights]
            self.change(
                name,
                activation_bits=owner.bits,
                weight_bits=min((bits for bits in narrow if bits), default=None),
                scale=self._scale(call, owner, site, shares),
                shares=shares,
            )

    def _is_entry(self, call: Call) -> bool:
        return isinstance(call.layer, QuantizedInput) and call.inputs[0] in self.quantized.inputs

    def _quantize(self, call: Call) -> str:
        source = call.inputs[0].producer
        name = self.tensors.get(source.name, source.name) if source is not None else call.name
        if isinstance(call.layer, QuantizedInput):
            return f"QUANTIZE of {name} before it, from float"
        if not isinstance(call.layer, Requantize):
            return f"{type(call.layer).__name__} of {name} before it"
        before = source.layer.owner(source.site)[0].bits if source is not None else call.layer.bits
        if before != call.layer.bits:
            return f"QUANTIZE of {name} before it, to {call.layer.bits} bits"
        if call.layer.symmetric and call.layer.bits == 8:
            return f"QUANTIZE of {name} before it, to zero point 0"
        return f"QUANTIZE of {name} before it, to the scale that it shares"

    def _scale(self, call: Call, owner: Any, site: int, shares: Sequence[str]) -> str:
        joined = owner.links.groups.get(site, [])
        if call.layer.keeps_input_grid:
            source = self._holder(call)
            if source != self.tensors[call.name]:
                return f"as {source}"
        if len(joined) > 1 and shares:
            return f"one with {names(shares)}"
        if owner.has_range:
            return "own"
        grid = [step.output.grid for step in self.program.steps if step.output.name == call.name]
        return f"fixed 1/{round(1 / float(grid[0].scale))}" if grid and grid[0] is not None else "fixed"

    def _holder(self, call: Call) -> str:
        """The row that made the grid which the call keeps."""
        while call.layer.keeps_input_grid and call.inputs[0].producer is not None:
            call = call.inputs[0].producer
        return self.tensors[call.name]


def _entries(graph: Graph) -> list[Any]:
    return [c.layer for c in graph.calls if isinstance(c.layer, QuantizedInput) and c.inputs[0] in graph.inputs]


def _grid_key(call: Call) -> Any:
    """Equal for outputs that lie on one grid."""
    owner, site = call.layer.owner(call.site)
    members = owner.links.groups.get(site, [(owner, site)])
    return frozenset((id(member), k) for member, k in members) if not call.layer.is_float else id(call)


def _by_tensor(parts: Iterable[Part]) -> dict[str, Part]:
    """Name of the tensor that each part makes in the file -> the part; further calls of a shared layer are numbered."""
    found: dict[str, Part] = {}
    shared: dict[Any, tuple[str, int]] = {}
    for part in parts:
        if part.kind == "identity":
            continue
        name = part.name
        if part.share is not None:
            first, count = shared.get(part.share, (part.name, 0))
            shared[part.share] = first, count + 1
            name = first if count == 0 else f"{first}_call_{count + 1}"
        found[name] = part
    return found


def _inputs(graph: Graph) -> list[LayerPlan]:
    return [
        LayerPlan(name, "Input", scale="indices" if value.dtype.startswith("int") else "")
        for value, name in zip(graph.inputs, graph.input_names, strict=True)
    ]


def _kind(call: Call) -> str:
    return type(call.layer).__name__


def _does_nothing(call: Call) -> bool:
    return all(part.kind in ("identity", "dropout", "stop_gradient") for part in decompose(call))


def _alone(call: Call) -> LayerPlan:
    """The row of a call in a model that is refused: its kinds of ops, without what follows from its neighbours."""
    try:
        parts = decompose(call)
    except Unsupported as error:
        return LayerPlan(call.name, _kind(call), refused=str(error))
    ops = tuple(op for part in parts for op in _kinds(part))
    return LayerPlan(call.name, _kind(call), ops=ops)


# Kinds of parts that are named otherwise than the op they become.
_KINDS: dict[str, tuple[str, ...]] = {
    "activation": (),
    "average_pool": ("AVERAGE_POOL_2D",),
    "concatenate": ("CONCATENATION",),
    "conv_2d_transpose": ("TRANSPOSE_CONV",),
    "dense": ("FULLY_CONNECTED",),
    "dropout": (),
    "identity": (),
    "max_pool": ("MAX_POOL_2D",),
    "multiply": ("MUL",),
    "requantize": ("QUANTIZE",),
    "scale": ("DEPTHWISE_CONV_2D",),
    "select": ("SELECT_V2",),
    "stop_gradient": (),
    "subtract": ("SUB",),
    "table": ("CAST", "ADD", "GATHER"),
}


def _kinds(part: Part) -> tuple[str, ...]:
    if part.kind == "activation":
        name = part.settings["activation"]
        return ({"sigmoid": "LOGISTIC"}.get(name, name.upper()),)
    return _KINDS.get(part.kind, (part.kind.upper(),))


def _op(step: Step) -> str:
    fused = step.options.get("fused_activation_function", "NONE")
    is_float = step.output.grid is None and step.output.type == "FLOAT32"
    return step.code + ("" if fused == "NONE" else f" +{fused}") + (" (float)" if is_float else "")


def ops_line(ops: Sequence[str]) -> str:
    """All in order, or of many how often each occurs."""
    if len(ops) <= _MOST_OPS:
        return ", ".join(ops)
    return ", ".join(f"{count} x {op}" if count > 1 else op for op, count in Counter(ops).items())


def names(found: Sequence[str]) -> str:
    """The first few."""
    more = len(found) - _MOST_NAMES
    return ", ".join(found[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
