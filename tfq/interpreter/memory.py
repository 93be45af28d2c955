"""What a model keeps between runs: variable tensors, what ops remember by themselves, resource variables."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from tfq.tflite.model import Subgraph, Tensor


class Memory:
    """All of it, as at the start until a run writes. Arrays in it are never written in place."""

    def __init__(self) -> None:
        self.resources: dict[Hashable, Any] = {}
        self._variables: dict[int, dict[int, np.ndarray]] = {}
        self._ops: dict[tuple[int, int], tuple[np.ndarray, ...]] = {}

    def clear(self) -> None:
        """Back to the start."""
        for kept in (self.resources, self._variables, self._ops):
            kept.clear()

    def variables(self, number: int, graph: Subgraph) -> dict[int, np.ndarray]:
        """Tensor index -> value of the variable tensors of a subgraph; writing to it is remembering."""
        if number not in self._variables:
            self._variables[number] = {i: _start(t) for i, t in enumerate(graph.tensors) if t.is_variable}
        return self._variables[number]

    def of_op(self, place: tuple[int, int], start: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """What the op at (subgraph, index) remembers. start: before it has run."""
        return self._ops.get(place, start)

    def keep_of_op(self, place: tuple[int, int], arrays: tuple[np.ndarray, ...]) -> None:
        """Remembers for the op at (subgraph, index)."""
        self._ops[place] = arrays


def _start(tensor: Tensor) -> np.ndarray:
    """A variable before the first run: the zero point in int8, 0 in all other types.

    Source: google-ai-edge/LiteRT tflite/core/subgraph.cc ResetVariableTensors; tensorflow/tflite-micro
    tensorflow/lite/micro/micro_interpreter_graph.cc ResetVariableTensors.
    """
    zero = 0
    if tensor.type == "INT8" and tensor.quantization is not None:
        zero = int(tensor.quantization.zero_point[0])
    return np.full(tensor.shape, zero, tensor.dtype)
