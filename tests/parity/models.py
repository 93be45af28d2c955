"""A small network with a branch, and runtimes that are honest or wrong in a known place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.ops.harness import activation, bias, constant, weights
from tfq.interpreter import Interpreter
from tfq.runtimes import Result
from tfq.tflite import Model, Operator, Signature, Subgraph, write

CONV = {
    "padding": "SAME",
    "stride_w": 1,
    "stride_h": 1,
    "dilation_w_factor": 1,
    "dilation_h_factor": 1,
    "fused_activation_function": "RELU",
}
ADD = {"fused_activation_function": "NONE"}
# Op index -> code, as `network` has them.
OPS = ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "RESHAPE", "FULLY_CONNECTED")


def network() -> bytes:
    """image [1, 4, 4, 2] -> conv -> depthwise, added to conv's own output -> reshape -> dense [1, 3]."""
    rng = np.random.default_rng(7)

    def codes(*shape: int) -> np.ndarray:
        return rng.integers(-127, 128, shape).astype(np.int8)

    tensors = (
        activation("x", (1, 4, 4, 2), 0.05, 3),
        weights(codes(4, 3, 3, 2), rng.uniform(0.002, 0.01, 4)),
        bias(rng.integers(-500, 500, 4), scale=np.ones(4)),
        activation("conv", (1, 4, 4, 4), 0.06, -128),
        weights(codes(1, 3, 3, 4), rng.uniform(0.002, 0.01, 4), axis=3),
        bias(rng.integers(-500, 500, 4), scale=np.ones(4)),
        activation("depthwise", (1, 4, 4, 4), 0.07, -128),
        activation("sum", (1, 4, 4, 4), 0.11, -120),
        constant("shape", [-1, 64]),
        activation("flat", (1, 64), 0.11, -120),
        weights(codes(3, 64), 0.004),
        bias([5, -7, 9], scale=0.11 * 0.004),
        activation("y", (1, 3), 0.3, 4),
    )
    depthwise = CONV | {"depth_multiplier": 1}
    dense = {"fused_activation_function": "NONE", "weights_format": "DEFAULT", "keep_num_dims": False}
    operators = (
        Operator("CONV_2D", (0, 1, 2), (3,), CONV, 3),
        Operator("DEPTHWISE_CONV_2D", (3, 4, 5), (6,), depthwise, 3),
        Operator("ADD", (3, 6), (7,), ADD, 2),
        Operator("RESHAPE", (7, 8), (9,)),
        Operator("FULLY_CONNECTED", (9, 10, 11), (12,), dense, 4),
    )
    graph = Subgraph(tensors, operators, (0,), (12,), "main")
    return write(Model((graph,), (Signature("serving_default", (("image", 0),), (("scores", 12),)),)))


def doubled() -> bytes:
    """One ADD that reads its only input twice."""
    tensors = (activation("x", (1, 5), 0.1, 1), activation("y", (1, 5), 0.15, -2))
    graph = Subgraph(tensors, (Operator("ADD", (0, 0), (1,), ADD, 2),), (0,), (1,), "main")
    return write(Model((graph,), (Signature("serving_default", (("x", 0),), (("y", 1),)),)))


@dataclass(frozen=True)
class Fault:
    """Adds `by` to one element (flat index, counted in a sample) of the outputs of every op with that code."""

    code: str
    element: int = 0
    by: int = 1


def runtime(
    numerics: str = "xnnpack",
    faults: Sequence[Fault] = (),
    *,
    hidden: Sequence[str] = (),
    deployed: Sequence[Fault] | None = None,
) -> Callable[..., Result]:
    """tfq's own interpreter as a runtime, with faults.

    hidden: names of tensors that it does not show. deployed: its faults where no tensors are asked for, if others.
    """

    def run(content: bytes, inputs: Sequence[np.ndarray], all_tensors: bool) -> Result:
        interpreter = Interpreter(content, numerics=numerics)
        graph = interpreter.model.main
        values = dict(zip(graph.inputs, inputs, strict=True))
        wrong = faults if all_tensors or deployed is None else deployed
        for index, operator in enumerate(graph.operators):
            made = interpreter.step(index, [values.get(i) for i in operator.inputs])
            values |= zip(operator.outputs, [_spoil(a, operator.code, wrong) for a in made], strict=True)
        shown = {i: a for i, a in values.items() if all_tensors and graph.tensors[i].name not in hidden}
        return Result([values[i] for i in graph.outputs], shown, 0.0, "fake 1.0")

    return run


def _spoil(array: np.ndarray, code: str, faults: Sequence[Fault]) -> np.ndarray:
    spoiled = array.reshape(len(array), -1).copy()
    for fault in faults:
        if fault.code == code:
            column = spoiled[:, fault.element].astype(int)
            # Away from the end of the type, so that the fault is always there.
            spoiled[:, fault.element] = np.where(column + fault.by > 127, column - fault.by, column + fault.by)
    return spoiled.reshape(array.shape)
