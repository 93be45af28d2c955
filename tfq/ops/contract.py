"""What an op file gives: SPEC, prepare, evaluate.

    SPEC: Spec                                   what it is and where its arithmetic comes from
    prepare(node, profile) -> params             once, at load: every refusal, every constant of the profile
    evaluate(params, *arrays) -> array | tuple   pure; one array per input of the op (None where absent)
    stacks(node) -> bool                         optional: B samples stacked along axis 0 give what they give one by one

An interpreter's batch is B samples stacked along axis 0 of every computed tensor ([B * stored, ...]; constants stay as
they are). Without `stacks`, or where it says no, the op runs sample by sample: right, but slow. Most ops:
`stacks = rows_apart`.

An op that keeps something between runs stays pure: what it keeps goes in behind its inputs and comes back behind its
outputs, and the interpreter holds it until `reset()`. Such an op sees one sample at a time, in order.

    updates(node) -> tuple[int, ...]     optional: positions of the inputs (variable tensors) that it writes
    memory(params) -> tuple[array, ...]  optional: what it remembers by itself, as it is at the start
    evaluate(params, *arrays, *memory) -> (*outputs, *new values of the inputs in `updates`, *new memory)

An op that runs subgraphs or reaches resources has, in place of `evaluate`:

    evaluate_within(context, params, *arrays) -> array | tuple      context: see Context
    subgraphs(node) -> tuple[int, ...]   which subgraphs it may run

    retypes(node, profile) -> str | None     optional: the output's type that the runtime sets while it loads, whatever
                                         the file says; the node that `prepare` then sees has it

An op whose outputs follow from the shapes of its inputs (SHAPE, say) has `known(params) -> array | tuple`: the outputs,
once at load.

An operand that `prepare` must know the values of (axes, paddings, a shape) is asked for with `checks.constant`. Where
the file computes it, that raises `NeedsValue`; the interpreter then calls `prepare` again while running, with a node
that holds the values and the shapes of that moment. So `prepare` trusts the shapes of the node's inputs, never those of
its outputs.

An op that training follows also gives `constants(xp, profile, ...)` and `integers(xp, constants, ...)` over an array
namespace: its arithmetic itself, which `prepare` and `evaluate` call with NumPy and tfq.qat with keras.ops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.errors import Unsupported
from tfq.numerics.affine import Affine
from tfq.tflite.model import Operator, Tensor


@dataclass(frozen=True)
class Spec:
    """code: the builtin's name. types: of the first input. source: owner/name path of the kernels mirrored."""

    code: str
    types: tuple[str, ...]
    source: str


class NeedsValue(Unsupported):
    """An operand must be known, and the file computes it. position: of the operand among the op's inputs."""

    def __init__(self, message: str, position: int = 0):
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, eq=False)
class Context:
    """What ops of control flow reach beyond their inputs.

    run: (subgraph, arrays in its order) -> its outputs. resources: values of resource variables by name, and what
    else lives until `reset()`, under keys of any kind.
    """

    run: Callable[[int, Sequence[np.ndarray]], list[np.ndarray]]
    resources: MutableMapping[Any, Any]


@dataclass(frozen=True, eq=False)
class Node:
    """One operator with its tensors resolved. index: its place in the subgraph.

    computed: positions of the inputs that are no constants of the file, though `data` may hold their values: a runtime
    may hand an op on only where its operands are the file's own. retyped: the file says another type of one of its
    tensors than the runtime sets; a delegate, which sees the file's, leaves the op.
    """

    index: int
    operator: Operator
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    intermediates: tuple[Tensor | None, ...] = ()
    computed: frozenset[int] = frozenset()
    retyped: bool = False

    @property
    def options(self) -> Mapping[str, Any]:
        return self.operator.options

    def input(self, position: int) -> Tensor | None:
        """The tensor at that position, None where the op has none."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def place(self) -> str:
        """How errors name the op: its index, its code, its output."""
        return f"op {self.index} {self.operator.code} {self.outputs[0].name if self.outputs else ''!r}"

    def unsupported(self, reason: str) -> Unsupported:
        """The error to raise: names the op and its output."""
        return Unsupported(f"{self.place}: {reason}")

    def require_types(self, spec: Spec) -> None:
        """Raises Unsupported unless the first input has one of the spec's types."""
        received = self.inputs[0].type if self.inputs and self.inputs[0] is not None else "nothing"
        if received not in spec.types:
            raise self.unsupported(f"input type must be one of {', '.join(spec.types)}, received {received}")


INTEGER_LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767), "INT32": (-(2**31), 2**31 - 1)}


def affine_of(node: Node, tensor: Tensor) -> Affine:
    """The tensor's affine map: float32 scale and zero point, scalars if per tensor, vectors if per channel.

    Raises Unsupported where a quantized tensor has no parameters.
    """
    if tensor.quantization is None or tensor.type not in INTEGER_LIMITS:
        raise node.unsupported(f"tensor {tensor.name!r} ({tensor.type}) has no scale; a quantized op needs one")
    scale = np.asarray(tensor.quantization.scale, np.float32)
    zero_point = np.asarray(tensor.quantization.zero_point, np.float32)
    if scale.size == 1:
        scale, zero_point = scale.reshape(()), zero_point.reshape(())
    return Affine(scale, zero_point, *INTEGER_LIMITS[tensor.type])


def rows_apart(node: Node) -> bool:
    """For ops that never look across axis 0: whether stacking samples there is safe with these shapes.

    Every computed tensor leads with 1, and all inputs have the computed ones' rank or less, if constant, so that they
    broadcast row by row.
    """
    computed = [t for t in node.inputs if t is not None and t.data is None]
    if not all(len(t.shape) >= 2 and t.shape[0] == 1 for t in (*computed, *node.outputs)):
        return False
    ranks = {len(t.shape) for t in computed}
    return len(ranks) == 1 and all(len(t.shape) <= min(ranks) for t in node.inputs if t is not None)
