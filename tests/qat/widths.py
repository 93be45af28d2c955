"""Layers in 16x8 and with int4 weights, one a row; the docs' table, from runs of every runtime.

python -m tests.qat.widths > docs/widths.md
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

import tfq
from tests.qat.harness import ALL, Case, chain, network, packed, same_integers, samples
from tfq import runtimes

L = keras.layers
IMAGE, ROWS = (6, 7, 4), (5, 12)
KINDS = {"INT8": "i8", "INT16": "i16", "INT32": "i32", "BOOL": "bool"}


def one(shape: tuple[int, ...], f: Callable[[Any], Any]) -> Callable[[], Any]:
    """A network of f of one input."""
    return chain(shape, lambda: [f])


def two(shape: tuple[int, ...], f: Callable[[Any, Any], Any], second: tuple[int, ...] | None = None) -> Callable:
    """A network of f of two inputs."""

    def build() -> Any:
        inputs = [keras.Input(shape), keras.Input(second or shape)]
        return keras.Model(inputs, f(*inputs))

    return build


def _constants(x: Any) -> Any:
    values = np.array([1, 2, -3, 0.5], np.float32)
    return ops.subtract(np.float32(1.5), x * values) + values


def _called_twice(a: Any, b: Any) -> Any:
    layer = L.Conv2D(3, 1)
    return L.Add()([layer(a), layer(b)])


# Name -> network. Those of one line are layers that a user writes; what becomes of them the table says.
NETWORKS: dict[str, Callable[[], Any]] = {
    "Conv2D": one(IMAGE, lambda x: L.Conv2D(5, 3, strides=2, padding="same")(x)),
    "Conv2D, fused relu": one(IMAGE, lambda x: L.Conv2D(5, 3, activation="relu")(x)),
    "Conv2D, groups": one(IMAGE, lambda x: L.Conv2D(6, 3, groups=2)(x)),
    "Conv2D, 5400 terms": one((3, 3, 600), lambda x: L.Conv2D(4, 3)(x)),
    "Conv2D, batch norm, relu6": one(
        IMAGE, lambda x: L.ReLU(6)(L.BatchNormalization()(L.Conv2D(5, 2, dilation_rate=2)(x)))
    ),
    "Conv1D, causal": one((9, 4), lambda x: L.Conv1D(5, 3, padding="causal")(x)),
    "DepthwiseConv2D": one(IMAGE, lambda x: L.DepthwiseConv2D(3, depth_multiplier=2)(x)),
    "Conv2DTranspose": one(IMAGE, lambda x: L.Conv2DTranspose(3, 3, strides=2, padding="same")(x)),
    "Dense": one((700,), lambda x: L.Dense(5, activation="relu")(x)),
    "Dense, rank 3": one(ROWS, lambda x: L.Dense(7)(x)),
    "EinsumDense": one(ROWS, lambda x: L.EinsumDense("abc,cd->abd", (None, 7))(x)),
    "Add": two(IMAGE, lambda a, b: L.Add()([a, b])),
    "Add, fused relu": two(IMAGE, lambda a, b: L.ReLU()(L.Add()([a, b]))),
    "Subtract": two(IMAGE, lambda a, b: L.Subtract()([a, b])),
    "Multiply": two(IMAGE, lambda a, b: L.Multiply()([a, b])),
    "Multiply, broadcast": two(IMAGE, lambda a, b: L.Multiply()([a, b]), (1, 1, 4)),
    "constants": one((5, 4), _constants),
    "Maximum, Minimum": two(IMAGE, lambda a, b: L.Minimum()([L.Maximum()([a, b]), a])),
    "mean": one(IMAGE, lambda x: ops.mean(x, axis=2, keepdims=True)),
    "MaxPooling2D": one(IMAGE, lambda x: L.MaxPooling2D(2, padding="same")(x)),
    "AveragePooling2D": one(IMAGE, lambda x: L.AveragePooling2D(3, strides=2, padding="same")(x)),
    "AveragePooling2D, 900 cells": one((30, 30, 2), lambda x: L.AveragePooling2D(30)(x)),
    "GlobalAveragePooling2D": one(IMAGE, lambda x: L.GlobalAveragePooling2D()(x)),
    "GlobalMaxPooling2D": one(IMAGE, lambda x: L.GlobalMaxPooling2D()(x)),
    "ReLU, alone": one(IMAGE, lambda x: L.ReLU()(x)),
    "ReLU(6), alone": one(IMAGE, lambda x: L.ReLU(6)(x)),
    "sigmoid": one(IMAGE, lambda x: L.Activation("sigmoid")(x)),
    "tanh": one(IMAGE, lambda x: L.Activation("tanh")(x)),
    "Softmax": one(ROWS, lambda x: L.Softmax()(x)),
    "log_softmax": one(ROWS, lambda x: ops.log_softmax(x)),
    "gelu, a table": one(IMAGE, lambda x: L.Conv2D(3, 1)(L.Activation("gelu")(x))),
    "PReLU": one(IMAGE, lambda x: L.PReLU(shared_axes=(1, 2))(L.Conv2D(3, 1)(x))),
    "Concatenate": two(IMAGE, lambda a, b: L.Concatenate()([L.Conv2D(3, 1)(a), b])),
    "Reshape": one(IMAGE, lambda x: L.Reshape((7, 24))(x)),
    "Permute": one(IMAGE, lambda x: L.Permute((3, 1, 2))(x)),
    "slice": one(IMAGE, lambda x: x[:, 1:4, :, 1:]),
    "strided slice": one(IMAGE, lambda x: x[:, ::2, :, 1:]),
    "ZeroPadding2D": one(IMAGE, lambda x: L.ZeroPadding2D(((1, 2), (0, 1)))(x)),
    "take": one(IMAGE, lambda x: ops.take(x, [2, 0, 1, 1], axis=2)),
    "UpSampling2D, nearest": one(IMAGE, lambda x: L.UpSampling2D(2)(x)),
    "UpSampling2D, bilinear": one(IMAGE, lambda x: L.UpSampling2D(2, interpolation="bilinear")(x)),
    "max": one(IMAGE, lambda x: ops.max(x, axis=1)),
    "min": one(IMAGE, lambda x: ops.min(x, axis=3, keepdims=True)),
    "matmul": two((5, 6), lambda a, b: ops.matmul(a, b), (6, 4)),
    "where": two(IMAGE, lambda a, b: ops.where(a > b, a, b)),
    "BatchNormalization, alone": one(IMAGE, lambda x: L.BatchNormalization()(x)),
    "LayerNormalization": one(ROWS, lambda x: L.LayerNormalization()(x)),
    "LSTM": one((3, 4), lambda x: L.LSTM(3)(x)),
    "GRU": one((3, 4), lambda x: L.GRU(3)(x)),
    "MultiHeadAttention": one((4, 6), lambda x: L.MultiHeadAttention(2, 3)(x, x)),
    "a layer called twice": two(IMAGE, _called_twice),
}

# Of those, what has weights of 4 bits; odd depths too.
INT4 = {
    **{
        name: NETWORKS[name]
        for name in ("Conv2D", "Conv2D, groups", "DepthwiseConv2D", "Conv2DTranspose", "Dense", "Dense, rank 3")
    },
    "Conv2D, odd depth": one((6, 7, 3), lambda x: L.Conv2D(5, 3)(x)),
    "Dense, odd depth": one((33,), lambda x: L.Dense(5)(x)),
    "Conv2D, Dense, batch norm": one(
        IMAGE, lambda x: L.Dense(3)(L.Flatten()(L.ReLU()(L.BatchNormalization()(L.Conv2D(5, 3)(x)))))
    ),
}


@dataclass(frozen=True)
class Run:
    """ops: of the file, with the type of their outputs. packed: those whose weights are int4 in it. edges: outputs."""

    ops: tuple[str, ...]
    packed: tuple[str, ...]
    edges: tuple[str, ...]


def run(build: Callable[[], Any], recipe: tfq.Recipe) -> Run:
    """The network quantized; Keras, the interpreter and the recipe's runtime give the same integers.

    Raises: AssertionError where they do not.
    """
    model = network(Case("", build, recipe))
    arrays = samples(model)
    with contextlib.redirect_stderr(io.StringIO()):  # notes on equalization
        quantized = tfq.quantize(model, recipe)
    tfq.calibrate(quantized, packed(model, arrays))
    blob = tfq.export(quantized)
    quantized.compile(run_eagerly=True)
    same_integers(quantized, blob, arrays, recipe.numerics)
    graph = tfq.Interpreter(blob, numerics=recipe.numerics).model.main
    kinds = [KINDS.get(graph.tensors[operator.outputs[0]].type, "?") for operator in graph.operators]
    named = tuple(f"{operator.code} {kind}" for operator, kind in zip(graph.operators, kinds, strict=True))
    ends = tuple(KINDS.get(graph.tensors[i].type, "?") for i in graph.outputs)
    halves = tuple(o.code for o in graph.operators if any(graph.tensors[i].type == "INT4" for i in o.inputs if i >= 0))
    return Run(named, halves, ends)


# The page.
HEAD = """# Widths, op by op

What becomes of layers under `Recipe(activation_bits=16)` and `Recipe(weight_bits=4)`. "exact": Keras's predict, tfq's
interpreter and the runtime itself gave the same integers, element by element, under a recipe with the runtime's
`numerics`; column "interpreter": in all three. `python -m tests.qat.widths > docs/widths.md` runs all of it and writes
this page anew; `tests/qat/test_widths.py` holds the same rows.

What a runtime has no 16-bit kernel for stays in 8 bits, behind a QUANTIZE; `i8` and `i16` are the types of the ops'
outputs. Where the ops differ by runtime, its column says how. Tables (gelu, exp and the like) are of 8 bits, and so are
comparisons and what they choose. Weights of 4 bits take half a byte in FULLY_CONNECTED and in CONV_2D without groups,
where activations have 8 bits; elsewhere a byte, with the same 15 values. TFLite Micro's FULLY_CONNECTED takes packed
weights of one scale only.
"""


def _row(name: str, build: Callable[[], Any], made: Callable[[str], tfq.Recipe], int4: bool) -> list[str]:
    runs: dict[str, Run] = {}
    cells = {}
    for numerics in ("litert", "xnnpack", "tflm"):
        if runtimes.available(numerics) is not None:
            cells[numerics] = "not run"
            continue
        try:
            runs[numerics] = run(build, made(numerics))
            cells[numerics] = "exact"
        except tfq.TfqError as error:
            cells[numerics] = str(error).splitlines()[-1].strip()
        except AssertionError as error:
            cells[numerics] = "**not exact**: " + next(line for line in str(error).splitlines() if ":" in line)
    usual = next(iter(runs.values()), Run((), (), ()))
    for numerics, found in runs.items():
        if found.ops != usual.ops:
            cells[numerics] += ": " + _listed(found.ops)
        if found.packed != usual.packed:
            cells[numerics] += "; " + _stored(found.packed)
    same = "exact" if runs and all("**" not in cell for cell in cells.values()) else "not exact"
    stored = [_stored(usual.packed)] if int4 else []
    return [name, _listed(usual.ops), *stored, same, *cells.values()]


def _stored(packed: Sequence[str]) -> str:
    return f"two in a byte: {_listed(packed)}" if packed else "a byte each"


def _listed(names: Sequence[str]) -> str:
    counts = {name: names.count(name) for name in names}
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in counts.items())


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page() -> str:
    """docs/widths.md."""
    heads = ["interpreter", "LiteRT reference", "LiteRT default", "TFLite Micro"]
    wide = [
        _row(name, build, lambda n: tfq.Recipe(numerics=n, activation_bits=16), False)
        for name, build in NETWORKS.items()
    ]
    parts = [HEAD.rstrip(), "## 16-bit activations, 8-bit weights", _table(["layer", "ops", *heads], wide)]
    for scales in ("per_channel", "per_tensor"):
        rows = [
            _row(name, build, lambda n: tfq.Recipe(numerics=n, weight_bits=4, weights=scales), True)  # noqa: B023
            for name, build in INT4.items()
        ]
        parts += [f"## 4-bit weights, {scales}", _table(["layer", "ops", "stored", *heads], rows)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    assert set(ALL) == {"litert", "xnnpack", "tflm"}
    print(page())
