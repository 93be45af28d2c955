"""One layer case: quantize, train a step, calibrate, save, load, export, run; all integers equal.

A test of layers is a table of cases and one line:

    CASES = (Case("stride", chain((9, 7, 3), lambda: [L.Conv2D(4, 3, strides=2)])), ...)

    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_convolutions(case, tmp_path):
        check(case, tmp_path)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

import tfq
import tfq.qat
from tfq import runtimes
from tfq.qat.modes import float_pass

ALL = ("xnnpack", "litert", "tflm")
SAMPLES = 8


@dataclass(frozen=True, eq=False)
class Case:
    """One Keras feature in a small network.

    model: builds it, with weights that `randomize` replaces. edit: changes the randomized model.
    numerics: the recipe's, compared in a graph as users predict; then others, compared eagerly, which saves tracing.
    trains: whether a step moves a weight. tolerance: of the float function, relative to its largest value.
    tensors: whether every tensor in between is compared too. graph: whether the recipe's numerics are compared in a
        graph; tracing 16-bit arithmetic takes seconds.
    """

    name: str
    model: Callable[[], Any]
    recipe: tfq.Recipe = tfq.Recipe()
    numerics: tuple[str, ...] = ("xnnpack",)
    edit: Callable[[Any], None] = lambda model: None
    trains: bool = True
    tolerance: float = 1e-5
    tensors: bool = False
    graph: bool = True

    def __str__(self) -> str:
        return self.name


def chain(shape: tuple[int, ...], layers: Callable[[], Sequence[Any]]) -> Callable[[], Any]:
    """Builds a functional model of one layer after another."""

    def build() -> Any:
        x = inputs = keras.Input(shape)
        for layer in layers():
            x = layer(x)
        return keras.Model(inputs, x)

    return build


def randomize(model: Any, seed: int = 0) -> None:
    """Weights as after a long training: batch norms far from the identity, some gammas negative, biases not zero."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        name, shape = variable.path.split("/")[-1], tuple(variable.shape)
        if "kernel" in name:
            fan_in = shape[0] * shape[1] if name.startswith("depthwise") else np.prod(shape[:-1])
            variable.assign(rng.normal(0, fan_in**-0.5, shape))
        elif name == "gamma":
            variable.assign(rng.uniform(0.3, 1.5, shape) * rng.choice([-1, 1, 1], shape))
        elif name == "moving_variance":
            variable.assign(rng.uniform(0.2, 3, shape))
        elif name in ("bias", "beta", "moving_mean"):
            variable.assign(rng.normal(0, 0.3, shape))


def network(case: Case) -> Any:
    """The case's float model, the same at every call."""
    keras.utils.clear_session(free_memory=False)  # the same layer names again
    keras.utils.set_random_seed(1)
    model = case.model()
    randomize(model)
    case.edit(model)
    return model


def samples(model: Any, count: int = SAMPLES, seed: int = 2) -> list[np.ndarray]:
    """Normal inputs in the model's order, the last two far beyond the others; for integer inputs indices below 8."""
    rng = np.random.default_rng(seed)
    inputs = []
    for tensor in model.inputs:
        shape = (count, *tensor.shape[1:])
        if "int" in tensor.dtype:
            inputs.append(rng.integers(0, 8, shape).astype(np.int32))
            continue
        inputs.append(rng.normal(0, 1, shape).astype(np.float32))
        inputs[-1][-2:] *= 5
    return inputs


def packed(model: Any, arrays: Sequence[np.ndarray]) -> Any:
    """The arrays as the model takes them: one array, a list or a dict."""
    return arrays[0] if len(arrays) == 1 else keras.tree.pack_sequence_as(model.input, list(arrays))


def flat(outputs: Any) -> list[np.ndarray]:
    """The outputs of a model in its order."""
    return [np.asarray(keras.ops.convert_to_numpy(y), np.float32) for y in keras.tree.flatten(outputs)]


def stored(x: np.ndarray, info: Any) -> np.ndarray:
    """The codes of reals at an input or output of a file, of its type; indices as they are."""
    if x.dtype == np.int32:
        return x
    codes, ends = np.rint(x / np.float32(info.scale)) + info.zero_point, np.iinfo(info.dtype)
    return np.clip(codes, ends.min, ends.max).astype(info.dtype)


def train_a_step(model: Any, x: Any, steps: int = 1) -> None:
    """Steps of plain SGD towards 0.1 in every output."""
    goals = keras.tree.map_structure(lambda y: np.full((SAMPLES, *y.shape[1:]), 0.1, np.float32), model.output)
    goals = goals[0] if isinstance(goals, (list, tuple)) and len(goals) == 1 else goals
    # Eager, since tracing costs more than the step; test_training fits in graphs.
    model.compile(keras.optimizers.SGD(1e-3), "mse", run_eagerly=True)
    for _ in range(steps):
        loss = model.fit(x, goals, batch_size=SAMPLES, verbose=0).history["loss"][0]
        assert np.isfinite(loss)


def integers_of_keras(model: Any, file: tfq.Interpreter, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The integers that Keras's predict carries at the outputs of the file."""
    reals = flat(model.predict(packed(model, arrays), batch_size=len(arrays[0]), verbose=0))
    found = []
    for y, info in zip(reals, file.outputs, strict=True):
        codes = y / np.float32(info.scale) + info.zero_point
        assert np.all(np.abs(codes - np.rint(codes)) < 1e-2), "predict is off the grid"
        found.append(np.rint(codes).astype(info.dtype))
    return found


def same_integers(model: Any, blob: bytes, arrays: Sequence[np.ndarray], numerics: str = "xnnpack") -> None:
    """Keras, the interpreter and the runtime give the same integers for every output."""
    file = tfq.Interpreter(blob, numerics=numerics)
    codes = [stored(x, info) for x, info in zip(arrays, file.inputs, strict=True)]
    interpreted = file.run(codes)
    in_keras = integers_of_keras(model, file, arrays)
    for info, ours, theirs in zip(file.outputs, in_keras, interpreted, strict=True):
        np.testing.assert_array_equal(ours, theirs, f"{info.name}: Keras's predict, the interpreter ({numerics})")
    if runtimes.available(numerics) is None:
        real = runtimes.run(numerics, blob, codes).outputs
        for info, ours, theirs in zip(file.outputs, interpreted, real, strict=True):
            np.testing.assert_array_equal(ours, theirs, f"{info.name}: the interpreter, the runtime ({numerics})")


def same_tensors(model: Any, blob: bytes, arrays: Sequence[np.ndarray], numerics: str) -> None:
    """Every tensor that the file computes has the integers that Keras carries under its name."""
    file = tfq.Interpreter(blob, numerics=numerics)
    codes = [stored(x, info) for x, info in zip(arrays, file.inputs, strict=True)]
    in_keras = tfq.qat.integers(model, packed(model, arrays))
    tensors = file.model.main.tensors
    compared = 0
    for _, index, array in file.trace(codes):
        name = tensors[index].name
        if name in in_keras:
            np.testing.assert_array_equal(in_keras[name], array.astype(np.float32), name)
            compared += 1
    assert compared == len(in_keras) - len(file.inputs)


def check(case: Case, folder: Path) -> None:
    """All of a case."""
    model = network(case)
    original = [keras.ops.convert_to_numpy(w).copy() for w in model.weights]
    arrays = samples(model)
    x = packed(model, arrays)
    quantized = tfq.quantize(model, case.recipe)
    same_float_function(model, quantized, x, case.tolerance)

    before = [keras.ops.convert_to_numpy(w).copy() for w in quantized.trainable_weights]
    train_a_step(quantized, x)
    after = [keras.ops.convert_to_numpy(w) for w in quantized.trainable_weights]
    assert any(np.any(a != b) for a, b in zip(after, before, strict=True)) == case.trains
    for variable, value in zip(model.weights, original, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value, "the float model changed")

    tfq.calibrate(quantized, x)
    path = folder / "model.keras"
    quantized.save(path)
    loaded = tfq.load(path)
    loaded.run_eagerly = not case.graph  # predict in a graph, as users do
    blob = tfq.export(loaded)
    assert blob == tfq.export(quantized) == tfq.export(loaded)
    whole = {"INT4", "INT8", "INT16", "INT32", "INT64", "BOOL"}
    assert {t.type for t in tfq.Interpreter(blob).model.main.tensors} <= whole
    for numerics in case.numerics:
        following = loaded if numerics == case.recipe.numerics else under(case, numerics, loaded)
        same_integers(following, blob, arrays, numerics)
    if case.tensors:
        same_tensors(loaded, blob, arrays, case.recipe.numerics)


def same_float_function(model: Any, quantized: Any, x: Any, tolerance: float) -> None:
    """Without rounding, the quantized network computes what the float one does."""
    with float_pass():
        made = flat(quantized(x, training=False))
    for ours, theirs in zip(made, flat(model(x, training=False)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(np.abs(theirs).max(), 1e-3))


def under(case: Case, numerics: str, trained: Any) -> Any:
    """The trained network, following the integers of another runtime."""
    other = tfq.quantize(network(case), replace(case.recipe, numerics=numerics))
    other.set_weights(trained.get_weights())
    other.compile(run_eagerly=True)
    return other
