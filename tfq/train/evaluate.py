"""The figures at the end of a run: accuracies in Keras and of the exported integers, and how many integers differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.interpreter import Interpreter
from tfq.parity import parity
from tfq.parity.compare import real_runtime
from tfq.parity.data import stored_inputs
from tfq.parity.difference import Difference, difference
from tfq.parity.report import ABSENT, KerasResult, RuntimeResult
from tfq.runtimes import RUNTIMES, Result, available
from tfq.tflite import Model
from tfq.train.watch import Watch

WHO = {"litert": "LiteRT reference", "xnnpack": "LiteRT (XNNPACK)", "tflm": "TFLite Micro"}
CHUNK = 256  # samples
LAST = ("SOFTMAX", "LOGISTIC")  # ops that make probabilities of logits


@dataclass(frozen=True)
class Row:
    """One line of the table. accuracy: None where it could not be had, which `note` explains.

    logits, outputs: integers that differ from those of `against`, at the input of the last softmax and at the end.
    """

    network: str
    by: str
    accuracy: float | None
    against: str = ""
    logits: Difference | None = None
    outputs: Difference | None = None
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing differs, as far as it could be compared."""
        differs = any(d is not None and d.different for d in (self.logits, self.outputs))
        return not differs and self.note in ("", ABSENT)


@dataclass
class Recorder:
    """A real runtime that keeps what it gave as deployed, so that no sample runs twice for the accuracy."""

    name: str
    outputs: list[np.ndarray] = field(default_factory=list)

    def __call__(self, content: bytes, inputs: Sequence[np.ndarray], all_tensors: bool) -> Result:
        """As `tfq.parity.compare.Run`."""
        result = real_runtime(self.name)(content, inputs, all_tensors)
        if not all_tensors:
            self.outputs.append(result.outputs[0])
        return result


@dataclass(frozen=True, eq=False)
class File:
    """An exported network under test. x: float32 samples. y: their classes."""

    network: str
    content: bytes
    x: np.ndarray
    y: np.ndarray

    @property
    def interpreter(self) -> Interpreter:
        return Interpreter(self.content)

    def interpreted(self, numerics: str) -> np.ndarray:
        """The output integers in tfq's interpreter."""
        interpreter = Interpreter(self.content, numerics=numerics)
        stored = stored_inputs(self.x, interpreter.model).stored[0]
        starts = range(0, len(stored), CHUNK)
        return np.concatenate([interpreter.run(stored[i : i + CHUNK])[0] for i in starts])


def evaluate(
    models: Mapping[str, Any], files: Mapping[str, bytes], x: np.ndarray, y: np.ndarray, watch: Watch
) -> list[Row]:
    """The table's rows.

    Args: models: "float", "PTQ" and "QAT" in Keras. files: the exported bytes of the last two. x, y: the test split.
    """
    from tfq.qat.tensors import predict

    rows = [Row("float", "Keras", accuracy(predict(models["float"], x), y))]
    for network, numerics in (("PTQ", None), ("QAT", RUNTIMES)):
        file = File(network, files[network], x, y)
        rows += rows_of(file, models[network], numerics, watch)
    return rows


def rows_of(file: File, model: Any, runtimes: Sequence[str] | None, watch: Watch) -> list[Row]:
    """A row for Keras against the runtime that its recipe names; two for each of `runtimes`: tfq's interpreter in its
    profile, and itself."""
    from tfq import qat

    followed = model_numerics(model)
    names = runtimes or (followed,)
    recorders = {name: None if available(name) else Recorder(name) for name in names}
    report = parity(
        file.content,
        file.x,
        runtimes=recorders,  # type: ignore[arg-type]
        keras_integers=partial(qat.integers, model),
        progress=lambda done, total: watch.bar(f"{file.network}: comparing", done, total),
    )
    received = {name: _joined(recorder, len(file.x)) for name, recorder in recorders.items()}
    expected = {name: file.interpreted(name) for name in (names if runtimes else ())}
    if report.keras is None:
        raise TfqError("parity gave no result for Keras")
    rows = [_keras_row(file, model, report.keras, received[followed])]
    for result in report.runtimes if runtimes else ():
        name = result.runtime
        rows.append(Row("file", interpreter_name(name), accuracy(expected[name], file.y)))
        rows.append(_runtime_row(file, result, received[name]))
    return rows


def model_numerics(model: Any) -> str:
    """The runtime that a quantized Keras model follows."""
    return next(layer.recipe.numerics for layer in model.layers if hasattr(layer, "recipe"))


def interpreter_name(numerics: str) -> str:
    """tfq's interpreter in that profile, as the table calls it."""
    return f"tfq ({numerics})"


def accuracy(scores: np.ndarray | None, y: np.ndarray) -> float | None:
    """The share of samples whose first largest score is at their class."""
    return None if scores is None else float(np.mean(scores.argmax(-1) == y))


def logits_name(model: Model) -> str | None:
    """The tensor that the last softmax or sigmoid reads; None where the model does not end in one."""
    graph = model.main
    for operator in graph.operators:
        if graph.outputs[0] in operator.outputs and operator.code in LAST:
            return graph.tensors[operator.inputs[0]].name
    return None


def _joined(recorder: Recorder | None, samples: int) -> np.ndarray | None:
    if recorder is None or not recorder.outputs:
        return None
    made = np.concatenate(recorder.outputs)
    return made if len(made) == samples else None


def _keras_row(file: File, model: Any, result: KerasResult, received: np.ndarray | None) -> Row:
    from tfq.qat.tensors import predict

    scores = predict(model, file.x)
    interpreter = file.interpreter
    info = interpreter.outputs[0]
    followed = model_numerics(model)
    codes = np.rint(scores / np.float32(info.scale)).astype(np.int64) + info.zero_point
    other = file.interpreted(followed) if received is None else received
    name = logits_name(interpreter.model)
    logits = next((layer.difference for layer in result.layers if layer.tensor == name), None)
    against = interpreter_name(followed) if received is None else WHO[followed]
    parts = result.first
    note = f"first layer that parts: {parts.tensor}" if parts else ""
    outputs = difference(other.astype(np.int64), codes)
    return Row(file.network, "Keras", accuracy(scores, file.y), against, logits, outputs, note)


def _runtime_row(file: File, result: RuntimeResult, received: np.ndarray | None) -> Row:
    against = interpreter_name(result.runtime)
    if result.status == ABSENT:
        return Row("file", WHO[result.runtime], None, note=ABSENT)
    name = logits_name(file.interpreter.model)
    logits = next((op.total for op in result.ops if op.tensor == name), None)
    note = "" if result.ok else f"{result.status}: {result.reason}" if result.reason else result.status
    return Row("file", WHO[result.runtime], accuracy(received, file.y), against, logits, result.outputs, note)
