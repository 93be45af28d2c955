"""The runtimes' own interpreters behind one face; only the child process imports them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

Arrays = dict[int, np.ndarray]


class Engine(Protocol):
    """A loaded model."""

    def run(self, arrays: Sequence[np.ndarray], outputs: int, tensors: Sequence[int]) -> tuple[list, Arrays]:
        """One sample's outputs, in file order, and what could be read of `tensors` afterwards, by index.

        arrays: one an input, in file order. outputs: the model's number of outputs.
        """
        ...


def open_engine(name: str, model: bytes, keep: bool, arena: int) -> Engine:
    """keep: make every computed tensor readable. arena: bytes that TFLM may use, at first.

    Raises: whatever the runtime raises for a file that it refuses.
    """
    return OPEN[name](model, keep, arena)


class LiteRT:
    """ai-edge-litert on one thread."""

    def __init__(self, model: bytes, keep: bool, resolver: str) -> None:
        from ai_edge_litert import interpreter as litert

        self._api = litert.Interpreter(
            model_content=model,
            experimental_op_resolver_type=getattr(litert.OpResolverType, resolver),
            experimental_preserve_all_tensors=keep,
            num_threads=1,
        )
        self._api.allocate_tensors()
        self._inputs = [detail["index"] for detail in self._api.get_input_details()]
        self._outputs = [detail["index"] for detail in self._api.get_output_details()]
        self._shapes = [tuple(detail["shape"]) for detail in self._api.get_input_details()]

    def run(self, arrays: Sequence[np.ndarray], outputs: int, tensors: Sequence[int]) -> tuple[list, Arrays]:
        self._resize(arrays)
        for index, array in zip(self._inputs, arrays, strict=True):
            self._api.set_tensor(index, array)
        self._api.invoke()
        made = [self._get(index) for index in self._outputs]
        kept = {index: found for index in tensors if (found := self._get_or_none(index)) is not None}
        return made, kept

    def _resize(self, arrays: Sequence[np.ndarray]) -> None:
        shapes = [array.shape for array in arrays]
        if shapes != self._shapes:
            for index, shape in zip(self._inputs, shapes, strict=True):
                self._api.resize_tensor_input(index, shape)
            self._api.allocate_tensors()
            self._shapes = shapes

    def _get(self, index: int) -> np.ndarray:
        try:
            array = self._api.get_tensor(index)
        except ValueError:
            # The binding holds no memory for an empty tensor; its shape is known all the same.
            detail = next(d for d in self._api.get_tensor_details() if d["index"] == index)
            if 0 not in detail["shape"]:
                raise
            return np.zeros(detail["shape"], detail["dtype"])
        if array.dtype.hasobject:
            raise TypeError(f"tensor {index} holds text, not numbers")
        return array

    def _get_or_none(self, index: int) -> np.ndarray | None:
        try:
            return self._get(index)
        except (ValueError, TypeError):
            return None


class Tflm:
    """tflite-micro; every shape is fixed by the file."""

    def __init__(self, model: bytes, keep: bool, arena: int) -> None:
        from tflite_micro import runtime

        config = runtime.InterpreterConfig
        self._config = config.kPreserveAllTensors if keep else config.kAllocationRecording
        self._api = self._allocate(runtime.Interpreter, model, arena)

    def _allocate(self, interpreter: Any, model: bytes, arena: int) -> Any:
        # An arena that is too small and an op that is missing raise the same error.
        for size in (arena, 4 * arena):
            try:
                return interpreter.from_bytes(model, arena_size=size, intrepreter_config=self._config)
            except RuntimeError:
                pass
        return interpreter.from_bytes(model, arena_size=16 * arena, intrepreter_config=self._config)

    def run(self, arrays: Sequence[np.ndarray], outputs: int, tensors: Sequence[int]) -> tuple[list, Arrays]:
        # Input memory is reused by later tensors: every input is set before every run.
        for i, array in enumerate(arrays):
            self._api.set_input(array, i)
        self._api.invoke()
        made = [self._api.get_output(i) for i in range(outputs)]
        return made, {index: self._api.GetTensor(index, 0)["tensor_data"] for index in tensors}


OPEN: dict[str, Callable[[bytes, bool, int], Engine]] = {
    "litert": lambda model, keep, arena: LiteRT(model, keep, "BUILTIN_REF"),
    "xnnpack": lambda model, keep, arena: LiteRT(model, keep, "AUTO"),
    "tflm": Tflm,
}
