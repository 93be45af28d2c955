"""One pass over a model's ops beside a runtime's own tensors: what each op adds, apart from what it inherits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfq.interpreter import Interpreter, Memory, stacked
from tfq.parity.difference import Difference, difference

Array = np.ndarray | None
Arrays = Sequence[Array]
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Visit:
    """One output of one op. inputs: what the op was fed for `own`; expected: what tfq makes of them.

    received: the runtime's tensor, None where it does not show it (then nothing was compared).
    """

    op: int
    position: int
    tensor: int
    total: Difference
    own: Difference
    inputs: Arrays
    expected: np.ndarray
    received: Array


@dataclass(frozen=True)
class Memories:
    """What the two runs of `walk` keep from sample to sample, in models that keep state."""

    ours: Memory = field(default_factory=Memory)
    theirs: Memory = field(default_factory=Memory)


def walk(
    interpreter: Interpreter,
    inputs: Sequence[np.ndarray],
    received: Mapping[int, np.ndarray],
    outputs: dict[int, np.ndarray],
    sample: int,
    memories: Memories,
) -> Iterator[Visit]:
    """Every op output in order; each tensor is let go after its last reader.

    Two runs go side by side: `ours` is tfq's, `theirs` holds the runtime's tensors wherever it shows them. While an
    op's inputs are the same in both, it is evaluated once. Where a tensor is not shown (the runtime fused it away),
    tfq's value from the runtime's earlier tensors takes its place, so the next op that is shown answers for both.

    outputs: its keys are filled with tfq's own values. sample: number of the first sample.
    """
    ours: dict[int, np.ndarray] = dict(zip(interpreter.graph.inputs, inputs, strict=True))
    theirs, samples = dict(ours), interpreter.samples(inputs)
    for step in interpreter.steps:
        if step.folded is not None and (step.fixed or samples > 1):
            outputs |= {i: stacked(a, samples) for i, a in zip(step.outputs, step.folded, strict=True) if i in outputs}
            continue
        mine, given = ([values.get(i) for i in step.inputs] for values in (ours, theirs))
        made = interpreter.step(step.node.index, mine, memories.ours)
        same = all(a is b for a, b in zip(mine, given, strict=True)) and not (step.remembers or step.within)
        fed = made if same else interpreter.step(step.node.index, given, memories.theirs)
        for position, tensor in enumerate(step.outputs):
            pair = made[position], fed[position]
            visit = _visit(step.node.index, position, tensor, pair, given, received.get(tensor), sample)
            ours[tensor] = made[position]
            theirs[tensor] = _followed(visit, made[position])
            yield visit
        outputs |= {i: ours[i] for i in step.outputs if i in outputs}
        del mine, given, made, fed
        for i in step.frees:
            ours.pop(i, None)
            theirs.pop(i, None)


def _visit(op: int, position: int, tensor: int, values: Pair, given: Arrays, got: Array, sample: int) -> Visit:
    made, fed = values
    if got is None:
        return Visit(op, position, tensor, Difference(), Difference(), given, fed, None)
    total = difference(made, got, sample)
    own = total if fed is made else difference(fed, got, sample)
    return Visit(op, position, tensor, total, own, given, fed, got)


def _followed(visit: Visit, made: np.ndarray) -> np.ndarray:
    """What the runtime's next ops are taken to have read."""
    if visit.received is None or visit.own.note:  # of another shape or type, the next op could not read it
        return visit.expected
    return made if not visit.total.different else visit.received
