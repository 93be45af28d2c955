"""The one loop: a subgraph's steps in order, and the subgraphs that they run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfq.errors import TfqError
from tfq.interpreter.memory import Memory
from tfq.interpreter.plan import MOST_BYTES, Plan
from tfq.interpreter.step import Arrays, Step, fitted
from tfq.ops.contract import Context
from tfq.tflite.model import NUMPY_TYPES

# Steps that one sample may take in subgraphs that ops run: a loop without end is refused after about a second.
MOST_STEPS = 2**16


class Walk:
    """One pass over a model. plans: subgraph -> plan. memory: what earlier passes left, and this one leaves."""

    def __init__(self, plans: Mapping[int, Plan], memory: Memory, samples: int = 1):
        self.plans, self.memory = plans, memory
        self.left = MOST_STEPS * samples
        self.context = Context(self._inner, memory.resources)

    def trace(self, number: int, arrays: Sequence[np.ndarray], samples: int) -> Iterator[tuple[Step, int, np.ndarray]]:
        """(step, tensor index, array) of each computed tensor, in order; nothing is kept after its last reader.

        As long as all shapes are the file's (`samples` of them stacked), what the file decides is not computed again.
        From the first other shape on, every op is bound to the shapes that it meets.
        """
        plan = self.plans[number]
        variables = self.memory.variables(number, plan.graph)
        values = plan.constants | variables | dict(zip(plan.graph.inputs, arrays, strict=True))
        stored = _as_stored(plan, arrays, samples)
        for step in plan.steps:
            stored = stored and step.params is not None
            if step.folded is not None and (stored or step.fixed):
                computed: Sequence[np.ndarray] = step.folded
            else:
                given = [values[i] if i >= 0 else None for i in step.inputs]
                computed, updated, fits = self.step(step, given, samples, stored)
                stored = stored and fits
                variables |= updated
                values |= updated
            values |= zip(step.outputs, computed, strict=True)
            if not stored:
                _check_memory(step, plan, values)
            yield from ((step, i, array) for i, array in zip(step.outputs, computed, strict=True))
            del computed
            for i in step.frees:
                values.pop(i, None)

    def outputs(self, number: int, arrays: Sequence[np.ndarray], samples: int) -> list[np.ndarray]:
        """The subgraph's outputs in its order, constants among them repeated for each sample."""
        plan = self.plans[number]
        wanted = set(plan.graph.outputs)
        found = {i: array for _, i, array in self.trace(number, arrays, samples) if i in wanted}
        found |= {i: stacked(array, samples) for i, array in plan.constants.items() if i in wanted}
        found |= dict(zip(plan.graph.inputs, arrays, strict=True))
        variables = self.memory.variables(number, plan.graph)
        return [found[i] if i in found else variables[i] for i in plan.graph.outputs]

    def step(
        self, step: Step, arrays: Arrays, samples: int, stored: bool
    ) -> tuple[list[np.ndarray], dict[int, np.ndarray], bool]:
        """One op's outputs, the variable tensors that it writes, and whether its outputs have the stored shapes.

        stored: whether the inputs have the stored shapes.
        """
        kept = self.memory.of_op(step.place, step.memory)
        given = [*arrays, *kept]
        with np.errstate(all="ignore"):
            made = step.evaluate(given, samples, self.context) if stored else step.evaluate_bound(given, self.context)
        count = len(step.outputs)
        updated = {step.inputs[k]: made[count + i] for i, k in enumerate(step.updates)}
        if kept:
            self.memory.keep_of_op(step.place, tuple(made[count + len(updated) :]))
        results, fits = fitted(step, made[:count], samples)
        return results, updated, fits

    def _inner(self, number: int, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """A subgraph's outputs for one sample: what control flow calls."""
        plan = self.plans[number]
        self.left -= 1 + len(plan.steps)
        if self.left < 0:
            raise TfqError(f"subgraph {number}: no end after {MOST_STEPS} steps, tfq's limit for loops")
        tensors = [plan.graph.tensors[i] for i in plan.graph.inputs]
        wanted = [t.dtype for t in tensors if t.type in NUMPY_TYPES]
        if len(arrays) != len(tensors) or wanted != [
            array.dtype for tensor, array in zip(tensors, arrays, strict=True) if tensor.type in NUMPY_TYPES
        ]:
            received = ", ".join(str(array.dtype) for array in arrays)
            expected = ", ".join(tensor.type for tensor in tensors)
            raise TfqError(f"subgraph {number}: expected inputs {expected or 'none'}, received {received or 'none'}")
        return self.outputs(number, arrays, 1)


def stacked(array: np.ndarray, samples: int) -> np.ndarray:
    """The same array for each sample, along the first axis; scalars as a vector."""
    return array if samples == 1 else (np.concatenate if array.ndim else np.stack)([array] * samples)


def _as_stored(plan: Plan, arrays: Sequence[np.ndarray], samples: int) -> bool:
    tensors = [plan.graph.tensors[i] for i in plan.graph.inputs]
    return samples > 1 or all(array.shape == tensor.shape for tensor, array in zip(tensors, arrays, strict=True))


def _check_memory(step: Step, plan: Plan, values: Mapping[int, np.ndarray]) -> None:
    """Raises TfqError where the arrays that are alive take more than MOST_BYTES."""
    total = sum(array.nbytes for i, array in values.items() if i not in plan.constants)
    if total > MOST_BYTES:
        raise TfqError(f"{step.node.place}: one sample's tensors take {total} bytes, tfq's limit is {MOST_BYTES}")
