"""What `quantize` would do: the network's layers as fused int8 ops, before anything is built or trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tfq.errors import TfqError, Unsupported
from tfq.qat.capture import Graph, Value
from tfq.qat.folding_scales import fold_scales
from tfq.qat.part import WEIGHTED, Part, uses_of
from tfq.qat.reshapes import tidy_reshapes
from tfq.qat.rules import decompose
from tfq.qat.tables import merge_tables
from tfq.recipe import Recipe


@dataclass(eq=False)
class Plan:
    """Printable: a line for each layer of the user's model, and what was done to make it quantize well."""

    parts: list[Part]
    graph: Graph
    recipe: Recipe
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        from tfq.qat.preflight import describe  # which builds the network, to read its ops and scales off it

        return str(describe(self))


_FUSIBLE = (*WEIGHTED, "scale", "add", "subtract", "multiply")


def make_plan(graph: Graph, recipe: Recipe) -> Plan:
    """The plan for a captured graph. Raises Unsupported naming every layer that has no int8 form, and what to do."""
    parts: list[Part] = []
    refusals: list[str] = []
    for value, name in zip(graph.inputs, graph.input_names, strict=True):
        if not value.dtype.startswith(("float", "bfloat", "int")):
            refusals.append(f"input {name!r}: {value.dtype} inputs have no int8 form; feed floats, or indices as int32")
    for call in graph.calls:
        try:
            parts += decompose(call)
        except Unsupported as error:
            refusals.append(str(error))
    if refusals:
        raise Unsupported("cannot quantize:\n  " + "\n  ".join(refusals))
    parts = tidy_reshapes(bypass_identities(parts, graph.outputs), graph.outputs)
    parts = merge_tables(bypass_identities(parts, graph.outputs), graph.outputs)
    parts = fuse(fold_scales(parts, graph.outputs), graph.outputs)
    leave_out(parts, recipe)
    name_outputs(parts, graph)
    make_names_unique(parts, graph)
    return Plan(parts, graph, recipe)


def bypass_identities(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """The parts without those that do nothing, but for those that make a model output."""
    source: dict[Value, Value] = {}
    kept = []
    for part in parts:
        part.inputs = [source.get(value, value) for value in part.inputs]
        if part.kind == "identity" and part.output not in outputs:
            source[part.output] = part.inputs[0]
        else:
            kept.append(part)
    return kept


def fuse(parts: list[Part], outputs: list[Value]) -> list[Part]:
    """Batch norms folded into the weighted part before them, relu and relu6 into the op before them.

    Parts that share a layer take in the same or nothing.
    """
    uses = uses_of(parts, outputs)
    readers = {value: part for part in parts for value in part.inputs}
    absorbed: set[Part] = set()
    for part in parts:
        if part in absorbed:
            continue
        group = [part] if part.share is None else [other for other in parts if other.share == part.share]
        while followers := _followers(group, readers, uses):
            for leader, follower in zip(group, followers, strict=True):
                _absorb(leader, follower, outputs)
            absorbed.update(followers)
    return [_settled(part) for part in parts if part not in absorbed]


def _followers(group: list[Part], readers: dict[Value, Part], uses: dict[Value, int]) -> list[Part]:
    """What comes after each part of a group, if they can all take it in; else none."""
    found = []
    for leader in group:
        follower = readers.get(leader.output)
        if follower is None or uses[leader.output] != 1 or not _absorbs(leader, follower):
            return []
        found.append(follower)
    norms = {id(part.layer) for part in found if part.settings.get("batch_norm")}
    alike = len({part.kind for part in found}) == 1 and len(norms) <= 1 and len(set(found)) == len(found)
    return found if alike else []


def _absorb(leader: Part, follower: Part, outputs: list[Value]) -> None:
    if follower.settings.get("batch_norm"):
        leader.batch_norm, leader.norm_weights = follower.layer, follower.weights
    else:
        leader.activation = follower.activation
    if follower.output in outputs or not leader.fused:  # an inner part of a layer takes the layer's name
        leader.name = follower.name
    leader.fused += follower.fused
    leader.output = follower.output


def leave_out(parts: list[Part], recipe: Recipe) -> None:
    """Marks the weighted parts that the recipe wants in float. Raises TfqError for a pattern that matches none."""
    weighted = [part for part in parts if part.kind in WEIGHTED]
    for pattern in recipe.leave_out:
        matched = [part for part in weighted if any(fnmatchcase(name, pattern) for name in _own_names(part))]
        if not matched:
            names = ", ".join(dict.fromkeys(part.source or part.layer.name for part in weighted))
            raise TfqError(
                f"recipe: leave_out pattern {pattern!r} matches no convolution or dense layer; there are {names}"
            )
        for part in matched:
            part.settings["is_float"] = True


def _own_names(part: Part) -> tuple[str, ...]:
    """Its Keras layer's names: in its model, and of the primitive layer that the plan made of it."""
    return part.source, part.layer.name, part.name


def name_outputs(parts: list[Part], graph: Graph) -> None:
    """Parts that make a model output take the name of the Keras layer that made it: losses by name keep working."""
    makers = {part.output: part for part in parts}
    for value, name in zip(graph.outputs, graph.output_names, strict=True):
        part = makers.get(value)
        while part is not None and part.kind == "identity":  # makes nothing: its source takes its name
            source = part.inputs[0]
            part = None if source in graph.outputs else makers.get(source)
        if part is None or part.name == name:
            continue
        for other in parts:
            if other is not part and other.name == name:
                other.name = f"{other.name}_linear"
        part.name = name


def make_names_unique(parts: list[Part], graph: Graph) -> None:
    """Numbers parts that tfq named (half of a separable, an activation) where a layer of the user's has the name."""
    users = {call.name for call in graph.calls} | set(graph.output_names)
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
        return before.batch_norm is None and before.kind in WEIGHTED
    return part.kind in ("relu", "relu6") and before.kind in _FUSIBLE


def _settled(part: Part) -> Part:
    part.settings.pop("batch_norm", None)
    return part
