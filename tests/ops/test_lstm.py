"""LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM against the real runtimes: steps and runs in a row, and every variant."""

import numpy as np
import pytest

from tests.ops.elements import CLOSE
from tests.ops.harness import RUNTIMES, Case, check, model_of, quantization
from tfq import Unsupported, runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

LITERT_ONLY = ("litert", "xnnpack")
DTYPES = {"INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32}
# Types of weights, bias, cell, peephole weights and layer norm coefficients; the input is FLOAT32 for HYBRID.
KINDS = {
    "INT8": ("INT8", "INT32", "INT16", "INT16", "INT16"),
    "INT16": ("INT8", "INT64", "INT16", "INT16", "INT16"),
    "FLOAT32": ("FLOAT32",) * 5,
    "HYBRID": ("INT8", "FLOAT32", "FLOAT32", "INT8", "FLOAT32"),
}
VARIANTS = ("cifg", "peephole", "norm", "projection")


class Build:
    """Tensors of one case; weights' scales differ from gate to gate."""

    def __init__(self, name, type, inputs, cells, outputs):
        self.rng = np.random.default_rng(sum(map(ord, name)))
        self.weight, self.bias, self.cell, self.peephole, self.norm = KINDS[type]
        self.inputs, self.cells, self.outputs = inputs, cells, outputs

    def constant(self, shape, type, low, high, scale):
        values = self.rng.integers(low, high + 1, shape)
        if type == "FLOAT32":
            return Tensor("w", shape, type, None, (values * scale).astype(np.float32))
        return Tensor("w", shape, type, quantization(scale), values.astype(DTYPES[type]))

    def matrix(self, rows, columns):
        return self.constant((rows, columns), self.weight, -127, 127, self.rng.uniform(0.003, 0.01))

    def vector_of(self, type, largest):
        steps = 127 if type == "INT8" else 2**14
        return self.constant((self.cells,), type, -steps, steps, largest / steps)

    def bias_of(self, count, scale=1e-4):
        return self.constant((count,), self.bias, -5000, 5000, scale)


def inputs_of(build, variants, x, states):
    """The op's 24 inputs."""
    cells, outputs, inputs = build.cells, build.outputs, build.inputs
    own = [not ("cifg" in variants and gate == 0) for gate in range(4)]
    gates = [None if not there else build.matrix(cells, inputs) for there in own]
    gates += [None if not there else build.matrix(cells, outputs) for there in own]
    gates += [build.vector_of(build.peephole, 1.0) if "peephole" in variants and own[g] else None for g in (0, 1, 3)]
    gates += [build.bias_of(cells) if there else None for there in own]
    projected = "projection" in variants
    gates += [build.matrix(outputs, cells), build.bias_of(outputs)] if projected else [None, None]
    norms = [build.vector_of(build.norm, 0.5) if "norm" in variants and there else None for there in own]
    return (x, *gates, *states, *norms)


def case(
    name,
    type="INT8",
    variants=(),
    *,
    code="UNIDIRECTIONAL_SEQUENCE_LSTM",
    inputs=6,
    cells=5,
    outputs=5,
    batch=1,
    time=4,
    time_major=False,
    x=(0.03, 5),
    h=(1 / 128, -3),
    cell=2.0**-11,
    clips=(0.0, 0.0),
    act="TANH",
    asymmetric=None,
    **more,
):
    """x, h: (scale, zero point). cell: its scale. clips: of the cell and of the projection."""
    build = Build(name, type, inputs, cells, outputs)
    lead = (batch,) if code == "LSTM" else (time, batch) if time_major else (batch, time)
    scaled, type = type not in ("FLOAT32", "HYBRID"), "FLOAT32" if type == "HYBRID" else type
    zero = (lambda grid: (grid[0], 0)) if type == "INT16" else (lambda grid: grid)

    def tensor(label, shape, kind, grid, variable=False):
        return Tensor(label, shape, kind, quantization(*grid) if scaled else None, None, is_variable=variable)

    states = (
        tensor("h", (batch, outputs), type, zero(h), variable=True),
        tensor("c", (batch, cells), build.cell, (cell, 0), variable=True),
    )
    ends = inputs_of(build, variants, tensor("x", (*lead, inputs), type, zero(x)), states)
    y = tensor("y", (*lead, outputs), type, zero(h))
    options = {"fused_activation_function": act, "cell_clip": clips[0], "proj_clip": clips[1]}
    if asymmetric is not None:
        options["asymmetric_quantize_inputs"] = asymmetric
    if code != "LSTM":
        options["time_major"] = time_major
    within = tuple(
        Tensor(f"i{place}", (0,), "INT8" if place == 4 else "INT16", quantization(*grid))
        for place, grid in enumerate([(2.0**-12, 0), (3e-4, 0), (2e-4, 0), (2.5e-4, 0), (0.006, 11)])
    )
    return Case(name, code, ends, (y,), options, 1, within if scaled else (), **{"samples": 2, **more})


def litert(name, variants=(), **more):
    return case(name, "INT8", variants, only=LITERT_ONLY, **more)


PROJECTED = {"cells": 7, "outputs": 4}
CASES = (
    case("plain"),
    case("large", cells=40, outputs=40, inputs=33, time=9),
    case("two samples", batch=2),
    case("two samples, time first", batch=2, time_major=True),
    case("cell clip", clips=(0.4, 0.0)),
    *(case(f"cell of 2**{power}", cell=2.0**power) for power in (-15, -14, -13, -12, -10, -9)),
    case("coarse input", x=(0.7, -100), h=(1 / 64, 40)),
    litert("cifg", ("cifg",)),
    litert("peephole", ("peephole",)),
    litert("peephole, cifg", ("peephole", "cifg")),
    litert("norm", ("norm",), cells=16, outputs=16),
    litert("norm, odd", ("norm",), cells=21, outputs=21),
    litert("norm, cifg", ("norm", "cifg"), cells=33, outputs=33),
    litert("projection", ("projection",), **PROJECTED),
    litert("projection to more", ("projection",), cells=3, outputs=8),
    litert("all", VARIANTS[:3], batch=2, clips=(0.3, 0.0)),
    litert("projection and clips", ("projection", "norm"), **PROJECTED, clips=(0.2, 0.1)),
    litert("one step", code="LSTM"),
    litert("one step of all", VARIANTS[:3], code="LSTM", batch=3),
    litert("one step, projected", ("projection", "norm", "cifg"), code="LSTM", **PROJECTED),
    case("int16", "INT16", only=("tflm",), x=(1e-4, 0), h=(2.0**-15, 0)),
    case("int16, two samples", "INT16", only=("tflm",), x=(1e-4, 0), h=(2.0**-15, 0), batch=2, time_major=True),
)  # fmt: skip

REALS = (
    case("float32", "FLOAT32"),
    case("float32, time first", "FLOAT32", batch=2, time_major=True, clips=(0.3, 0.0)),
    case("float32, all", "FLOAT32", VARIANTS, **PROJECTED, clips=(0.5, 0.2), only=LITERT_ONLY),
    case("float32, norm", "FLOAT32", ("norm",), only=LITERT_ONLY),
    case("float32, peephole, relu", "FLOAT32", ("peephole",), act="RELU", only=LITERT_ONLY),
    case("float32, one step", "FLOAT32", ("cifg",), code="LSTM", only=LITERT_ONLY),
    case("hybrid", "HYBRID", only=LITERT_ONLY, asymmetric=False),
    case("hybrid, large", "HYBRID", cells=40, outputs=40, inputs=33, only=LITERT_ONLY, asymmetric=False),
    case("hybrid, asymmetric", "HYBRID", cells=12, outputs=12, inputs=19, batch=2, only=LITERT_ONLY, asymmetric=True),
    case("hybrid, all", "HYBRID", VARIANTS, **PROJECTED, clips=(0.5, 0.2), only=LITERT_ONLY, asymmetric=False),
    case("hybrid, time first", "HYBRID", batch=2, time_major=True, only=LITERT_ONLY, asymmetric=True),
    case("hybrid, one step", "HYBRID", ("peephole",), code="LSTM", only=LITERT_ONLY, asymmetric=False),
)
REFUSED = (
    *((litert(variant, (variant,)), ("tflm",)) for variant in VARIANTS),
    (case("one step", code="LSTM"), ("tflm",)),
    (case("cell scale", cell=0.001), LITERT_ONLY),
    (case("relu", act="RELU"), ("tflm",)),
    (case("int16", "INT16"), LITERT_ONLY),
    (case("hybrid", "HYBRID"), ("tflm",)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_lstm(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", REALS, ids=str)
def test_lstm_of_reals(case, numerics):
    if numerics not in case.only:
        pytest.skip(f"{numerics} has no defined result here")
    shape = case.inputs[0].shape
    data, x = model_of(case), np.random.default_rng(5).normal(0, 1, (3 * shape[0], *shape[1:])).astype(np.float32)
    got = Interpreter(data, numerics=numerics).run([x])[0]
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    want = runtimes.run(numerics, data, [x]).outputs[0]
    np.testing.assert_allclose(got, want, rtol=0, atol=CLOSE * abs(want).max())


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)


def test_refuses_shapes_that_do_not_fit():
    plain = case("plain")
    inputs = list(plain.inputs)
    inputs[6] = inputs[2]
    apart = Case("apart", plain.code, tuple(inputs), plain.outputs, plain.options, 1, plain.intermediates)
    for numerics in RUNTIMES:
        with pytest.raises(Unsupported, match="input 6 must have shape"):
            Interpreter(model_of(apart), numerics=numerics)
