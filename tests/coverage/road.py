"""The whole road of a sheet: quantize, a step, calibrate, save, load, export, run everywhere; and its lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tfq
from tests.coverage.row import Row, normal, spelled
from tests.coverage.rows import RULED, Sheet
from tests.qat.harness import flat, packed, randomize, train_a_step
from tfq import runtimes
from tfq.numerics import arrays
from tfq.numerics.affine import Affine, quantize
from tfq.qat.capture import capture
from tfq.qat.rules import known

Arrays = list[np.ndarray]
SAMPLES = 8  # of the harness's step too


@dataclass(frozen=True)
class Line:
    """What the run says of a row. ops: of the file, with how often. decibels: of the worst output; inf is exact."""

    name: str
    ops: tuple[str, ...] = ()
    decibels: float = 0.0
    refusal: str = ""


def travel(sheet: Sheet, folder: Path) -> list[Line]:
    """A line a row. Raises AssertionError naming what differs."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    model, counts = _model(sheet)
    randomize(model)
    if sheet.rows[0].refused:
        return [_refusal(sheet.rows[0], model)]
    _require_rules(sheet, model)
    data = _data(sheet, model)
    x = packed_like(model, data)
    expected = flat(model(x, training=False))
    loaded, quantized = _trained(sheet, model, x, folder)
    blob = tfq.export(loaded)
    assert blob == tfq.export(quantized), "the loaded model's file is another"
    codes, file = _integers(loaded, blob, data, x)
    return _lines(sheet, counts, file, codes, expected)


def _model(sheet: Sheet) -> tuple[Any, list[int]]:
    """(the model, how many of its outputs are each row's)"""
    row = sheet.rows[0]
    if row.inputs is None:
        model = row.make()
        return model, [len(keras.tree.flatten(model.output)) if hasattr(model, "_inputs_struct") else 1]
    inputs = row.inputs.tensors()
    made = [keras.tree.flatten(row.make(*inputs)) for row in sheet.rows]
    outputs = [tensor for tensors in made for tensor in tensors]
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])
    return model, [len(tensors) for tensors in made]


def _refusal(row: Row, model: Any) -> Line:
    with pytest.raises(tfq.Unsupported, match=row.refused) as caught:
        tfq.quantize(model)
    return Line(row.name, refusal=str(caught.value).rpartition("): ")[2].strip())


def _require_rules(sheet: Sheet, model: Any) -> None:
    """A row named for a layer or operation with a rule must really call it."""
    called = {spelled(cls) for call in capture(model, known).calls for cls in type(call.layer).__mro__}
    named = {name for row in sheet.rows for name in row.names}
    assert not (missing := (named & RULED) - called), f"no such call in the model: {missing}"


def _shapes(model: Any) -> list[tuple[int, ...]]:
    if hasattr(model, "_inputs_struct") or isinstance(model, keras.Sequential):
        return [tuple(tensor.shape[1:]) for tensor in model.inputs]
    return [tuple(model.get_build_config()["input_shape"][1:])]


def _data(sheet: Sheet, model: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    draw = normal if sheet.rows[0].inputs is None else sheet.rows[0].inputs.draw
    return [draw(rng, (SAMPLES, *shape)) for shape in _shapes(model)]


def packed_like(model: Any, data: list[np.ndarray]) -> Any:
    """The arrays as the model takes them."""
    return data[0] if len(data) == 1 else packed(model, data)


def _trained(sheet: Sheet, model: Any, x: Any, folder: Path) -> tuple[Any, Any]:
    """(loaded, saved): after a step that is taken back, so that the figures are those of the given weights."""
    quantized = tfq.quantize(model, sheet.rows[0].recipe)
    before = quantized.get_weights()
    moving = [keras.ops.convert_to_numpy(w).copy() for w in quantized.trainable_weights]
    train_a_step(quantized, x)
    after = [keras.ops.convert_to_numpy(w) for w in quantized.trainable_weights]
    assert not moving or any(np.any(a != b) for a, b in zip(moving, after, strict=True)), "no weight moved"
    quantized.set_weights(before)
    tfq.calibrate(quantized, x)
    path = folder / "model.keras"
    quantized.save(path)
    loaded = tfq.load(path)
    loaded.compile(run_eagerly=True)  # tracing a graph takes most of the time; tests/qat predicts in graphs
    return loaded, quantized


def _grid(info: Any) -> Affine:
    limits = np.iinfo(info.dtype)
    return Affine(np.float32(info.scale), info.zero_point, int(limits.min), int(limits.max))


def _integers(model: Any, blob: bytes, data: list[np.ndarray], x: Any) -> tuple[list[np.ndarray], tfq.Interpreter]:
    """The outputs' codes, in Keras, the interpreter and LiteRT the same. The file must be of integers only."""
    file = tfq.Interpreter(blob)
    types = {tensor.type for tensor in file.model.main.tensors}
    assert not [name for name in types if name.startswith(("FLOAT", "BFLOAT"))], f"floats in the file: {types}"
    codes = [
        a if a.dtype == np.int32 else quantize(arrays, a, _grid(info)).astype(info.dtype)
        for a, info in zip(data, file.inputs, strict=True)
    ]
    interpreted = file.run(codes)
    real = runtimes.run("xnnpack", blob, codes).outputs
    keras_says = flat(model.predict(x, batch_size=SAMPLES, verbose=0))
    for info, ours, theirs, reals in zip(file.outputs, interpreted, real, keras_says, strict=True):
        np.testing.assert_array_equal(ours, theirs, f"{info.name}: the interpreter, LiteRT")
        found = np.rint(reals / np.float32(info.scale)) + info.zero_point
        np.testing.assert_array_equal(found, ours, f"{info.name}: Keras's predict, the interpreter")
    return interpreted, file


def _lines(
    sheet: Sheet, counts: list[int], file: Any, codes: list[np.ndarray], expected: list[np.ndarray]
) -> list[Line]:
    lines, start = [], 0
    for row, count in zip(sheet.rows, counts, strict=True):
        mine = slice(start, start + count)
        start += count
        noise = [
            decibels(y, (q.astype(np.float64) - info.zero_point) * info.scale)
            for y, q, info in zip(expected[mine], codes[mine], file.outputs[mine], strict=True)
        ]
        assert min(noise) >= row.floor, f"{row.name}: {min(noise):.1f} dB, the floor is {row.floor}"
        lines.append(Line(row.name, _ops(file.model.main, file.model.main.outputs[mine]), min(noise)))
    return lines


def decibels(signal: np.ndarray, received: np.ndarray) -> float:
    """Variance of the signal over the mean squared error."""
    signal = signal.astype(np.float64)
    error = np.mean((signal - received) ** 2)
    power = np.var(signal) or np.mean(signal**2)
    return float(np.inf if error == 0 else 10 * np.log10(max(power, 1e-30) / error))


def _ops(graph: Any, outputs: tuple[int, ...]) -> tuple[str, ...]:
    """The ops that the outputs come from, in order, with how often."""
    wanted, found = set(outputs), []
    for operator in reversed(graph.operators):
        if wanted & set(operator.outputs):
            wanted |= set(operator.inputs)
            found.append(operator.code)
    return tuple(f"{code} x{n}" if n > 1 else code for code, n in Counter(found[::-1]).items())
