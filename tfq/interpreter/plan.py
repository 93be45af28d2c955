"""From a file's subgraph to steps that are ready to run: every refusal at load, all of them at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.interpreter.step import Bound, Step, guarded
from tfq.numerics.profiles import Profile
from tfq.ops import TABLE
from tfq.ops.contract import Context, NeedsValue, Node
from tfq.ops.refused import REFUSED
from tfq.tflite.model import NUMPY_TYPES, Model, Operator, Subgraph, Tensor

# Bytes of all tensors that are alive at one time, for one sample: beyond is a damaged file or a machine too small.
MOST_BYTES = 2**30
MOST_DEPTH = 32
# Values of the largest result that is computed at load.
MOST_FOLDED = 2**20


@dataclass(frozen=True, eq=False)
class Plan:
    """One subgraph. constants: tensor index -> array, the folded ones too. samples: how many may be stacked."""

    graph: Subgraph
    steps: tuple[Step, ...]
    constants: dict[int, np.ndarray]
    samples: int


# Bytes of the largest tensor while `run` works through a batch; more samples go through in portions.
PORTION = 2**22


def plans(model: Model, first: int, profile: Profile) -> dict[int, Plan]:
    """Subgraph -> plan, for the subgraph `first` and all those that it may run.

    Raises: Unsupported, one error that names every op and type without a definition; TfqError where an op reads a
    tensor that nothing has computed, computes one that has a value already, or a subgraph runs itself.
    """
    found: dict[int, Plan] = {}
    reasons: list[str] = []
    with np.errstate(all="ignore"):
        _reach(model, first, profile, found, reasons, ())
    if reasons:
        raise Unsupported(f"cannot run this file under {profile.name!r}: " + "; ".join(reasons))
    return found


def _reach(
    model: Model, number: int, profile: Profile, found: dict[int, Plan], reasons: list[str], above: tuple[int, ...]
) -> None:
    if number in above:
        raise TfqError(f"subgraph {number} runs itself; export the model again")
    if number in found:
        return
    if len(above) > MOST_DEPTH:
        raise TfqError(f"subgraph {number} is run from more than {MOST_DEPTH} others, one within the other")
    graph = model.subgraphs[number]
    place = f"subgraph {number}: " if above else ""
    _check_order(graph, place)
    builder = _Builder(number, graph, profile)
    builder.build()
    reasons += [place + reason for reason in builder.reasons]
    found[number] = Plan(builder.graph, tuple(builder.steps), builder.constants, _samples_at_once(graph, builder.steps))
    for below in builder.below:
        if not 0 <= below < len(model.subgraphs):
            raise TfqError(f"{place}an op runs subgraph {below}, the file has {len(model.subgraphs)}")
        _reach(model, below, profile, found, reasons, (*above, number))


class _Builder:
    """Goes through a subgraph's ops in order.

    open: tensors whose shape is not known at load, because an op needs values that the run computes. shaped: constants
    that follow from stored shapes. retyped: tensors whose type the runtime sets to another than the file's.
    """

    def __init__(self, number: int, graph: Subgraph, profile: Profile):
        self.number, self.profile = number, profile
        self.graph = graph = graph if profile.assumes_zero_points else _without_assumptions(graph)
        self.last = _last_readers(graph)
        self.steps: list[Step] = []
        self.reasons: list[str] = []
        self.below: list[int] = []
        self.constants = {i: t.data for i, t in enumerate(graph.tensors) if t.data is not None}
        self.open: set[int] = set()
        self.retyped: dict[int, Tensor] = {}
        self.shaped: set[int] = set()

    def build(self) -> None:
        """Fills the lists."""
        self.reasons += [
            f"variable tensor {t.name!r} has a buffer or the type {t.type}"
            for t in self.graph.tensors
            if t.is_variable and (t.data is not None or t.type not in NUMPY_TYPES)
        ]
        _check_memory(self.graph, self.last)
        for index, operator in enumerate(self.graph.operators):
            try:
                step = self._step(index, operator)
            except Unsupported as error:
                self.reasons.append(str(error))
                continue
            self.steps.append(step)
            self.constants |= zip(step.outputs, step.folded or (), strict=False)
        if self.retyped:
            tensors = tuple(self.retyped.get(i, tensor) for i, tensor in enumerate(self.graph.tensors))
            self.graph = replace(self.graph, tensors=tensors)

    def _step(self, index: int, operator: Operator) -> Step:
        node = Node(
            index,
            operator,
            tuple(self._tensor(i) for i in operator.inputs),
            tuple(self.graph.tensors[i] for i in operator.outputs),
            tuple(self._tensor(i) for i in operator.intermediates),
            frozenset(p for p, i in enumerate(operator.inputs) if i >= 0 and self.graph.tensors[i].data is None),
        )
        module = TABLE.get(operator.code)
        if module is None:
            because = f": {REFUSED[operator.code]}" if operator.code in REFUSED else ""
            raise node.unsupported(f"no definition of {operator.custom_code or operator.code}{because}")
        node = self._typed(module, node)
        params = self._params(module, node)
        with guarded(node):
            if hasattr(module, "subgraphs"):
                self.below += module.subgraphs(node)
            step = Step(
                graph=self.number,
                module=module,
                node=node,
                profile=self.profile,
                params=params,
                frees=self._frees(index, operator),
                stacks=params is not None and hasattr(module, "stacks") and bool(module.stacks(node)),
                updates=self._updates(module, node),
                memory=tuple(module.memory(params)) if hasattr(module, "memory") else (),
                bound=Bound({position for position, i in enumerate(operator.inputs) if i in self.shaped}),
            )
            folded = _folded(step)
            if hasattr(module, "known") or not self.shaped.isdisjoint(operator.inputs):
                self.shaped.update(operator.outputs)
            return replace(step, folded=folded, fixed=folded is not None and self.shaped.isdisjoint(operator.outputs))

    def _tensor(self, index: int) -> Tensor | None:
        if index < 0:
            return None
        tensor = self.retyped.get(index, self.graph.tensors[index])
        return replace(tensor, data=self.constants[index]) if index in self.constants else tensor

    def _typed(self, module: Any, node: Node) -> Node:
        """The node with the types that the runtime sets while it loads."""
        reads = not self.retyped.keys().isdisjoint(node.operator.inputs)
        if not hasattr(module, "retypes"):
            if reads:
                raise node.unsupported("an input's type is not the file's once the model is loaded; export it again")
            return node
        wanted = module.retypes(node, self.profile)
        if wanted is None or len(node.outputs) != 1 or node.outputs[0].type == wanted:
            return replace(node, retyped=reads)
        output = replace(node.outputs[0], type=wanted)
        self.retyped[node.operator.outputs[0]] = output
        return replace(node, outputs=(output,), retyped=True)

    def _params(self, module: Any, node: Node) -> Any:
        """For the stored shapes; None where they are not known before the run."""
        operator = node.operator
        uncertain = not self.open.isdisjoint(operator.inputs)
        doubtful = uncertain or (self.profile.resizes and any(_placeholder(tensor) for tensor in node.inputs))
        try:
            with guarded(node):
                params = module.prepare(node, self.profile)
        except NeedsValue:
            if not self.profile.resizes:
                raise
            params = None
        except Unsupported:
            if not doubtful:
                raise
            params = None
        except TfqError as error:
            if not doubtful:
                raise Unsupported(str(error)) from error
            params = None
        if uncertain or params is None:
            self.open.update(operator.outputs)
            return None
        return params

    def _frees(self, index: int, operator: Operator) -> tuple[int, ...]:
        kept = {i for i, t in enumerate(self.graph.tensors) if t.data is not None or t.is_variable}
        touched = dict.fromkeys(i for i in operator.inputs + operator.outputs if i >= 0 and i not in kept)
        return tuple(i for i in touched if self.last.get(i, index) == index)

    def _updates(self, module: Any, node: Node) -> tuple[int, ...]:
        if not hasattr(module, "updates"):
            return ()
        positions = tuple(module.updates(node))
        for i in positions:
            tensor = node.input(i)
            if tensor is None or not tensor.is_variable:
                raise node.unsupported(f"input {i} keeps state, so it must be a variable tensor")
        return positions


def _without_assumptions(graph: Subgraph) -> Subgraph:
    """The graph as a runtime sees it to which scales without zero points are none."""
    assumed = [tensor.quantization is not None and tensor.quantization.assumed for tensor in graph.tensors]
    tensors = (replace(t, quantization=None) if no else t for t, no in zip(graph.tensors, assumed, strict=True))
    return replace(graph, tensors=tuple(tensors)) if any(assumed) else graph


def _placeholder(tensor: Tensor | None) -> bool:
    """Whether the stored shape of a computed tensor may say nothing: axes behind the first are open and of size 1."""
    if tensor is None or tensor.data is not None or tensor.shape_signature is None:
        return False
    pairs = list(zip(tensor.shape, tensor.shape_signature, strict=False))
    return any(size <= 1 and free == -1 for size, free in pairs[1:])


def _folded(step: Step) -> tuple[np.ndarray, ...] | None:
    """The outputs where constants or shapes alone decide them, and they are small."""
    if step.params is None or step.within or step.updates or step.memory:
        return None
    if any(math.prod(tensor.shape) > MOST_FOLDED for tensor in step.node.outputs):
        return None
    if hasattr(step.module, "known"):
        result = step.module.known(step.params)
        results = list(result) if isinstance(result, tuple) else [result]
    else:
        inputs = [tensor for tensor in step.node.inputs if tensor is not None]
        if not inputs or any(tensor.data is None for tensor in inputs) or hasattr(step.module, "draws"):
            return None
        results = step.evaluate([t.data if t is not None else None for t in step.node.inputs], 1, NOWHERE)
    shapes = [tensor.shape for tensor in step.node.outputs]
    return tuple(results) if [np.shape(array) for array in results] == shapes else None


def _no_subgraph(number: int, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    raise TfqError(f"subgraph {number} cannot be run while the file is loaded")


NOWHERE = Context(_no_subgraph, {})


def _samples_at_once(graph: Subgraph, steps: Sequence[Step]) -> int:
    """How many samples may be stacked: as many as fit; one where order, shapes or scalars do not let them."""
    computed = [tensor for step in steps if step.folded is None for tensor in step.node.outputs]
    tensors = [*computed, *(graph.tensors[i] for i in graph.inputs)]
    if any(not t.shape or t.is_variable for t in tensors) or any(
        step.params is None or step.remembers for step in steps
    ):
        return 1
    return max(1, PORTION // max((size_of(t) for t in tensors), default=1))


def size_of(tensor: Tensor) -> int:
    """Bytes of a computed tensor, at least 1."""
    return max(1, math.prod(tensor.shape) * (tensor.dtype.itemsize if tensor.type in NUMPY_TYPES else 1))


def _check_memory(graph: Subgraph, last: dict[int, int]) -> None:
    """Raises TfqError where the tensors that are alive together take more than MOST_BYTES."""
    alive = {i: size_of(t) for i, t in enumerate(graph.tensors) if i in graph.inputs or t.is_variable}
    ends: dict[int, list[int]] = {}
    for tensor, index in last.items():
        ends.setdefault(index, []).append(tensor)
    total = sum(alive.values())
    for index, operator in enumerate(graph.operators):
        for i in operator.outputs:
            if i not in alive:
                alive[i] = size_of(graph.tensors[i])
                total += alive[i]
        if total > MOST_BYTES:
            place = f"op {index} {operator.code}"
            raise TfqError(f"{place}: one sample's tensors take {total} bytes there, tfq's limit is {MOST_BYTES}")
        total -= sum(alive.pop(i) for i in ends.get(index, ()) if i in alive)
    if total > MOST_BYTES:
        raise TfqError(f"one sample's inputs take {total} bytes, tfq's limit is {MOST_BYTES}")


def _check_order(graph: Subgraph, place: str) -> None:
    if wrong := [i for i in graph.inputs if graph.tensors[i].data is not None]:
        raise TfqError(f"{place}input {wrong[0]} {graph.tensors[wrong[0]].name!r} is a constant")
    known = {i for i, t in enumerate(graph.tensors) if t.data is not None or t.is_variable} | set(graph.inputs)
    for index, operator in enumerate(graph.operators):
        op = f"{place}op {index} {operator.code}"
        for i in operator.inputs:
            if i >= 0 and i not in known:
                raise TfqError(f"{op} reads tensor {i} {graph.tensors[i].name!r}, which nothing before it computes")
        for i in operator.outputs:
            if i in known:
                raise TfqError(f"{op} computes tensor {i} {graph.tensors[i].name!r}, which has a value already")
            known.add(i)
    for i in graph.outputs:
        if i not in known:
            raise TfqError(f"{place}output {i} {graph.tensors[i].name!r}: nothing computes it")


def _last_readers(graph: Subgraph) -> dict[int, int]:
    """Tensor -> index of the last op that reads it; the number of ops for the subgraph's outputs."""
    last = {tensor: index for index, operator in enumerate(graph.operators) for tensor in operator.inputs}
    return last | dict.fromkeys(graph.outputs, len(graph.operators))
