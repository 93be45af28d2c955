"""What `quantize` would do: the network's layers as fused int8 ops, before anything is built or trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tfq.errors import TfqError, Unsupported
from tfq.qat.capture import Graph, Value
from tfq.qat.part import Part
from tfq.qat.rules import decompose
from tfq.recipe import Recipe


@dataclass(eq=False)
class Plan:
    """Printable: one line per layer of the quantized network, and what was done to make it quantize well."""

    parts: list[Part]
    graph: Graph
    recipe: Recipe
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [
            (
                part.name,
                part.kind + (" (float)" if part.settings.get("is_float") else ""),
                " + ".join(part.fused),
                str(part.output.shape),
            )
            for part in self.parts
        ]
        heads = ("name", "op", "from", "output")
        widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [heads, *rows]
        ]
        return "\n".join([*lines, *self.notes])


_FUSIBLE = ("conv_2d", "depthwise_conv_2d", "dense", "scale", "add")


def make_plan(graph: Graph, recipe: Recipe) -> Plan:
    """The plan for a captured graph. Raises Unsupported naming every layer that has no int8 form, and what to do."""
    parts: list[Part] = []
    refusals: list[str] = []
    for value, name in zip(graph.inputs, graph.input_names, strict=True):
        if not value.dtype.startswith(("float", "bfloat")):
            refusals.append(f"input {name!r}: {value.dtype} inputs have no int8 form; feed floats")
    for call in graph.calls:
        try:
            parts += decompose(call)
        except Unsupported as error:
            refusals.append(str(error))
    if refusals:
        raise Unsupported("cannot quantize:\n  " + "\n  ".join(refusals))
    parts = fuse(parts, graph.outputs)
    leave_out(parts, recipe)
    name_outputs(parts, graph)
    make_names_unique(parts, graph)
    return Plan(parts, graph, recipe)


def fuse(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """Batch norms folded into the weighted part before them, relu and relu6 into the op before them."""
    uses: dict[Value, int] = {}
    for part in parts:
        for value in part.inputs:
            uses[value] = uses.get(value, 0) + 1
    for value in outputs:
        uses[value] = uses.get(value, 0) + 1
    by_output = {part.output: part for part in parts}
    kept: list[Part] = []
    for part in parts:
        before = by_output.get(part.inputs[0])
        if before is not None and before in kept and uses[part.inputs[0]] == 1 and _absorbs(before, part):
            if part.settings.get("batch_norm"):
                before.batch_norm = part.layer
            else:
                before.activation = part.activation
            before.fused += part.fused
            before.output = part.output
            by_output[part.output] = before
            if part.output in outputs:
                before.name = part.name
            continue
        kept.append(part)
    return [_settled(part) for part in kept]


def leave_out(parts: list[Part], recipe: Recipe) -> None:
    """Marks the weighted parts that the recipe wants in float. Raises TfqError for a pattern that matches none."""
    weighted = [part for part in parts if part.kind in ("conv_2d", "depthwise_conv_2d", "dense")]
    for pattern in recipe.leave_out:
        matched = [part for part in weighted if fnmatchcase(part.layer.name, pattern)]
        if not matched:
            names = ", ".join(part.layer.name for part in weighted)
            raise TfqError(
                f"recipe: leave_out pattern {pattern!r} matches no convolution or dense layer; there are {names}"
            )
        for part in matched:
            part.settings["is_float"] = True


def name_outputs(parts: list[Part], graph: Graph) -> None:
    """Parts that make a model output take the name of the Keras layer that made it: losses by name keep working."""
    makers = {part.output: part for part in parts}
    for value in graph.outputs:
        part = makers.get(value)
        while part is not None and part.kind == "identity":  # makes nothing: its source takes its name
            source = part.inputs[0]
            part = None if source in graph.outputs else makers.get(source)
        if part is None or value.producer is None or part.name == value.producer.name:
            continue
        for other in parts:
            if other is not part and other.name == value.producer.name:
                other.name = f"{other.name}_linear"
        part.name = value.producer.name


def make_names_unique(parts: list[Part], graph: Graph) -> None:
    """Numbers parts that tfq named (half of a separable, an activation) where a layer of the user's has the name."""
    users = {call.name for call in graph.calls}
    taken = set(graph.input_names)
    for part in sorted(parts, key=lambda p: p.name not in p.fused or p.name not in users):
        part.name = free_name(part.name, taken)


def free_name(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken; it is taken then."""
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def _absorbs(before: Part, part: Part) -> bool:
    if before.activation != "linear":
        return False
    if part.settings.get("batch_norm"):
        return before.batch_norm is None and before.kind in ("conv_2d", "depthwise_conv_2d", "dense")
    return part.kind in ("relu", "relu6") and before.kind in _FUSIBLE


def _settled(part: Part) -> Part:
    part.settings.pop("batch_norm", None)
    return part
