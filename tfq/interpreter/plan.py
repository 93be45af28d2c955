"""From a file's subgraph to steps that are ready to run: every refusal at load, all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.errors import TfqError, Unsupported
from tfq.numerics.profiles import Profile
from tfq.ops import TABLE
from tfq.ops.contract import Node
from tfq.tflite.model import Operator, Subgraph


@dataclass(frozen=True, eq=False)
class Step:
    """One op, prepared. module: its file in tfq.ops. frees: tensors that nothing reads afterwards.

    stacks: samples stacked along axis 0 may go through the op together.
    """

    module: Any
    node: Node
    params: Any
    frees: tuple[int, ...]
    stacks: bool

    @property
    def inputs(self) -> tuple[int, ...]:
        return self.node.operator.inputs

    @property
    def outputs(self) -> tuple[int, ...]:
        return self.node.operator.outputs

    def evaluate(self, arrays: Sequence[np.ndarray | None], samples: int) -> list[np.ndarray]:
        """The op's outputs. arrays: one per input, None for absent ones; computed ones hold `samples` along axis 0."""
        if samples == 1 or self.stacks:
            return self._once(arrays)
        split = [_samples(tensor, array, samples) for tensor, array in zip(self.node.inputs, arrays, strict=True)]
        each = [self._once([s[i] for s in split]) for i in range(samples)]
        return [np.concatenate(parts) for parts in zip(*each, strict=True)]

    def _once(self, arrays: Sequence[np.ndarray | None]) -> list[np.ndarray]:
        result = self.module.evaluate(self.params, *arrays)
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        if len(results) != len(self.outputs):
            place = f"op {self.node.index} {self.node.operator.code}"
            raise TfqError(f"{place}: the file lists {len(self.outputs)} outputs, the op has {len(results)}")
        return results


def _samples(tensor, array: np.ndarray | None, samples: int) -> list[np.ndarray | None]:
    if array is None or tensor.data is not None:
        return [array] * samples
    return list(np.split(array, samples))


def plan(graph: Subgraph, profile: Profile) -> tuple[Step, ...]:
    """The subgraph's ops, prepared for the profile, in execution order.

    Raises: Unsupported, one error that names every op and type without a definition; TfqError where an op reads a
    tensor that nothing has computed, or computes one that has a value already.
    """
    _check_order(graph)
    last = _last_readers(graph)
    steps: list[Step] = []
    reasons: list[str] = []
    for index, operator in enumerate(graph.operators):
        try:
            steps.append(_step(graph, index, operator, profile, last))
        except Unsupported as error:
            reasons.append(str(error))
    reasons += [f"tensor {t.name!r} keeps state between runs" for t in graph.tensors if t.is_variable]
    if reasons:
        raise Unsupported(f"cannot run this file under {profile.name!r}: " + "; ".join(reasons))
    return tuple(steps)


def _step(graph: Subgraph, index: int, operator: Operator, profile: Profile, last: dict[int, int]) -> Step:
    inputs, intermediates = (
        tuple(graph.tensors[i] if i >= 0 else None for i in indices)
        for indices in (operator.inputs, operator.intermediates)
    )
    node = Node(index, operator, inputs, tuple(graph.tensors[i] for i in operator.outputs), intermediates)
    module = TABLE.get(operator.code)
    if module is None:
        raise node.unsupported(f"no definition of {operator.custom_code or operator.code}")
    touched = dict.fromkeys(i for i in operator.inputs + operator.outputs if i >= 0 and graph.tensors[i].data is None)
    return Step(
        module=module,
        node=node,
        params=module.prepare(node, profile),
        frees=tuple(i for i in touched if last.get(i, index) == index),
        stacks=hasattr(module, "stacks") and bool(module.stacks(node)),
    )


def _check_order(graph: Subgraph) -> None:
    known = {i for i, t in enumerate(graph.tensors) if t.data is not None or t.is_variable} | set(graph.inputs)
    for index, operator in enumerate(graph.operators):
        place = f"op {index} {operator.code}"
        for i in operator.inputs:
            if i >= 0 and i not in known:
                raise TfqError(f"{place} reads tensor {i} {graph.tensors[i].name!r}, which nothing before it computes")
        for i in operator.outputs:
            if i in known:
                raise TfqError(f"{place} computes tensor {i} {graph.tensors[i].name!r}, which has a value already")
            known.add(i)
    for i in graph.outputs:
        if i not in known:
            raise TfqError(f"output {i} {graph.tensors[i].name!r}: nothing computes it")


def _last_readers(graph: Subgraph) -> dict[int, int]:
    """Tensor -> index of the last op that reads it; the number of ops for the subgraph's outputs."""
    last = {tensor: index for index, operator in enumerate(graph.operators) for tensor in operator.inputs}
    return last | dict.fromkeys(graph.outputs, len(graph.operators))
