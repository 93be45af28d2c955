"""One op, ready to run: bound to the shapes of the moment, guarded, its samples taken together or one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.numerics.profiles import Profile
from tfq.ops.contract import Context, NeedsValue, Node
from tfq.tflite.model import NUMPY_TYPES, Tensor

# What NumPy and Python raise where an op is given shapes or values that do not fit together.
MISFITS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

CHANGES = "this model's shapes change while it runs: run one sample at a time"

Arrays = Sequence[np.ndarray | None]


class ShapeChanged(TfqError):
    """Stacked samples meet an op whose output has another shape than the file says: they must run one by one."""


@dataclass
class Bound:
    """The params of the latest shapes and values. needs: positions of the inputs whose values prepare must see."""

    needs: set[int] = field(default_factory=set)
    key: Any = None
    params: Any = None


@dataclass(frozen=True, eq=False)
class Step:
    """One op.

    module: its file in tfq.ops. params: for the stored shapes; None where these are not known before the run.
    frees: tensors that nothing reads afterwards. stacks: samples stacked along axis 0 may go through together.
    updates: positions of the inputs that it writes. folded: its outputs, where the file alone decides them; fixed: even
    for inputs of other shapes than the file's.
    """

    graph: int
    module: Any
    node: Node
    profile: Profile
    params: Any
    frees: tuple[int, ...]
    stacks: bool
    updates: tuple[int, ...] = ()
    memory: tuple[np.ndarray, ...] = ()
    folded: tuple[np.ndarray, ...] | None = None
    fixed: bool = False
    bound: Bound = field(default_factory=Bound)

    @property
    def inputs(self) -> tuple[int, ...]:
        return self.node.operator.inputs

    @property
    def outputs(self) -> tuple[int, ...]:
        return self.node.operator.outputs

    @property
    def place(self) -> tuple[int, int]:
        """(subgraph, index)."""
        return self.graph, self.node.index

    @property
    def remembers(self) -> bool:
        """Whether a run of the op may leave something behind for the next."""
        resource = any(t is not None and t.type == "RESOURCE" for t in (*self.node.inputs, *self.node.outputs))
        return bool(self.updates or self.memory) or resource

    @property
    def within(self) -> bool:
        """Whether the op runs subgraphs or reaches resources."""
        return hasattr(self.module, "evaluate_within")

    def evaluate(self, arrays: Arrays, samples: int, context: Context) -> list[np.ndarray]:
        """The op's outputs for the stored shapes, then what it updates and remembers.

        arrays: one per input, None for absent ones; computed ones hold `samples` along axis 0.
        Raises: TfqError where the shapes or values do not fit together.
        """
        with guarded(self.node):
            if samples == 1 or self.stacks:
                return self._once(self.params, arrays, context)
            split = [_samples(tensor, array, samples) for tensor, array in zip(self.node.inputs, arrays, strict=False)]
            each = [self._once(self.params, [s[i] for s in split], context) for i in range(samples)]
            shapes = [tensor.shape for tensor in self.node.outputs]
            if any([part.shape for part in parts[: len(shapes)]] != shapes for parts in each):
                raise ShapeChanged(f"{self.node.place}: {CHANGES}")
            return [np.concatenate(parts) for parts in zip(*each, strict=True)]

    def evaluate_bound(self, arrays: Arrays, context: Context) -> list[np.ndarray]:
        """As `evaluate`, for one sample of whatever shapes."""
        with guarded(self.node):
            return self._once(self._bind(arrays), arrays, context)

    def _bind(self, arrays: Arrays) -> Any:
        """Params for the shapes of these arrays, and for the values that prepare asks for."""
        bound = self.bound
        while bound.params is None or bound.key != _key(arrays, bound.needs):
            try:
                bound.params = self.module.prepare(_seen(self.node, arrays, bound.needs), self.profile)
                bound.key = _key(arrays, bound.needs)
            except NeedsValue as error:
                if error.position in bound.needs or not error.position < len(self.inputs):
                    raise
                bound.needs.add(error.position)
        return bound.params

    def _once(self, params: Any, arrays: Arrays, context: Context) -> list[np.ndarray]:
        module = self.module
        result = module.evaluate_within(context, params, *arrays) if self.within else module.evaluate(params, *arrays)
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        wanted = len(self.outputs) + len(self.updates) + len(self.memory)
        if len(results) != wanted:
            extra = wanted - len(self.outputs)
            raise TfqError(
                f"{self.node.place}: the file lists {len(self.outputs)} outputs, the op has {len(results) - extra}"
            )
        return results


@contextmanager
def guarded(node: Node) -> Iterator[None]:
    """Raises TfqError, naming the op, in place of what NumPy raises for shapes and values that do not fit."""
    try:
        yield
    except MemoryError:
        raise TfqError(f"{node.place}: its arrays take more memory than there is") from None
    except MISFITS as error:
        if isinstance(error, AttributeError) and "'NoneType'" not in str(error):
            raise  # a fault in tfq; only that of an absent input is the file's
        shapes = ", ".join(_words(tensor) for tensor in node.inputs)
        words = " ".join(str(error).split())[:300]
        raise TfqError(
            f"{node.place}: its inputs ({shapes}) and options do not fit together ({type(error).__name__}: {words})"
        ) from error


def _words(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else f"{tensor.type} {list(tensor.shape)}"


def _seen(node: Node, arrays: Arrays, needs: set[int]) -> Node:
    """The node with the shapes of these arrays, and the values of those at `needs`."""
    inputs = tuple(
        tensor
        if tensor is None or array is None
        else replace(tensor, shape=array.shape, data=array if position in needs else tensor.data)
        for position, (tensor, array) in enumerate(zip(node.inputs, arrays, strict=False))
    )
    return replace(node, inputs=inputs)


def _key(arrays: Arrays, needs: set[int]) -> tuple:
    shapes = tuple(None if array is None else array.shape for array in arrays)
    values = tuple(array.tobytes() for i in sorted(needs) if i < len(arrays) and (array := arrays[i]) is not None)
    return shapes, values


def _samples(tensor: Tensor | None, array: np.ndarray | None, samples: int) -> list[np.ndarray | None]:
    if array is None or tensor is None or tensor.data is not None or not array.ndim:
        return [array] * samples
    return list(np.split(array, samples))


def _without_ones(shape: Sequence[int]) -> list[int]:
    return [size for size in shape if size != 1]


def fitted(step: Step, results: list[np.ndarray], samples: int) -> tuple[list[np.ndarray], bool]:
    """The step's outputs held against the file, and whether they all have the stored shapes (samples stacked).

    Raises: TfqError for another type than the file's, or another shape where the runtime knows stored shapes only;
    ShapeChanged for another shape of stacked samples.
    """
    stored = True
    for position, tensor in enumerate(step.node.outputs):
        if tensor.type not in NUMPY_TYPES:
            continue
        array = results[position] = np.asarray(results[position])
        if array.dtype != tensor.dtype:
            raise TfqError(f"{step.node.place}: computes {array.dtype}, the file says {tensor.type}")
        shape = tensor.shape if samples == 1 else (samples * tensor.shape[0], *tensor.shape[1:])
        if array.shape == shape:
            continue
        if samples > 1:
            raise ShapeChanged(f"{step.node.place}: {CHANGES}")
        if step.profile.resizes:
            stored = False
        elif _without_ones(array.shape) == _without_ones(shape):
            results[position] = array.reshape(shape)
        else:
            raise TfqError(
                f"{step.node.place}: computes shape {list(array.shape)}, the file says {list(shape)}, "
                f"and {step.profile.name} keeps to the file"
            )
    return results, stored
