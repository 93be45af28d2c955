"""SVDF against the real runtimes: four steps and more from a fresh state, ranks, memories, zero points, float32."""

import numpy as np
import pytest

from tests.ops.elements import CLOSE
from tests.ops.harness import RUNTIMES, Case, bias, check, model_of, quantization, weights
from tests.ops.pairs import operand
from tfq import Unsupported, runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

LITERT_ONLY = ("litert", "xnnpack")


def case(
    name,
    type="INT8",
    state="INT16",
    *,
    rank=1,
    units=5,
    memory=4,
    inputs=6,
    batch=1,
    scales=(0.05, 0.01, 0.004, 0.005, 0.2),
    zeros=(3, 0, -128),
    act="RELU",
    biased=True,
    asymmetric=False,
    **more,
):
    """scales: of input, feature weights, time weights, state, output. zeros: of input, state, output."""
    rng = np.random.default_rng(len(name))
    filters = units * rank
    time = {"INT16": (-3000, 3000), "INT8": (-128, 128), "FLOAT32": (-9, 9)}[state]
    hybrid, type = type == "HYBRID", "FLOAT32" if type == "HYBRID" else type
    wf, wt = rng.integers(-128, 128, (filters, inputs)), rng.integers(*time, (filters, memory))
    b = rng.integers(-9999, 9999, units)
    if hybrid:
        constants = [weights(np.maximum(w, -127).astype(np.int8), s) for w, s in ((wf, 0.01), (wt, 0.02))]
        constants.append(operand("b", (), type, 1, 0, b / 5000))
    elif type == "FLOAT32":
        constants = [operand(n, (), type, 1, 0, v / 50) for n, v in (("wf", wf), ("wt", wt), ("b", b / 5000))]
    else:
        constants = [
            weights(wf.astype(np.int8), scales[1]),
            weights(wt.astype(np.int16 if state == "INT16" else np.int8), scales[2], type=state),
            bias(b, scale=np.float32(scales[3] * scales[2])),
        ]
    kept = None if type == "FLOAT32" else quantization(scales[3], zeros[1])
    variable = Tensor("state", (batch, memory * filters), state, kept, is_variable=True)
    x = operand("x", (batch, inputs), type, scales[0], zeros[0])
    y = operand("y", (batch, units), type, scales[4], zeros[2])
    options = {"rank": rank, "fused_activation_function": act, "asymmetric_quantize_inputs": asymmetric}
    ends = (x, *constants[:2], constants[2] if biased else None, variable)
    return Case(name, "SVDF", ends, (y,), options, **{"version": 3, **more})


INT8_STATE = (0.05, 0.01, 0.01, 0.05, 0.2)
CASES = (
    case("rank 1"),
    case("rank 2", rank=2, units=3),
    case("one step of memory", memory=1),
    case("a batch of 3", batch=3),
    case("no bias", biased=False, only=LITERT_ONLY),
    case("output's zero point", zeros=(3, 0, 11)),
    case("saturated state", scales=(0.05, 0.01, 0.004, 0.00001, 0.2)),
    case("sums beyond 32 bits", memory=40, scales=(0.9, 0.9, 0.004, 0.00001, 0.2)),
    case("ties", scales=(0.5, 0.25, 0.5, 0.25, 1.0)),
    case("int8 state", state="INT8", only=("tflm",), zeros=(3, 0, -128), scales=INT8_STATE),
    case("int8 state's zero point", state="INT8", only=("tflm",), zeros=(3, 9, 5), scales=INT8_STATE),
    case("relu6, not looked at", act="RELU6", zeros=(3, 0, 5), only=("tflm",)),
)  # fmt: skip
REALS = (
    case("float32", "FLOAT32", "FLOAT32", version=1),
    case("float32, rank 2", "FLOAT32", "FLOAT32", rank=2, act="RELU6", version=1),
    case("float32, no bias", "FLOAT32", "FLOAT32", biased=False, act="NONE", only=LITERT_ONLY, version=1),
)
HYBRIDS = (
    case("hybrid", "HYBRID", "FLOAT32", inputs=21, only=LITERT_ONLY),
    case("hybrid, asymmetric", "HYBRID", "FLOAT32", inputs=21, rank=2, batch=2, asymmetric=True, only=LITERT_ONLY),
)
REFUSED = (
    (case("int8 state", state="INT8"), LITERT_ONLY),
    (case("relu6", act="RELU6"), LITERT_ONLY),
    (case("no bias", biased=False), ("tflm",)),
    (HYBRIDS[0], ("tflm",)),
    (case("no activation", act="NONE"), LITERT_ONLY),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_svdf(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", REALS + HYBRIDS, ids=str)
def test_svdf_of_reals(case, numerics):
    if numerics not in case.only:
        pytest.skip(f"{numerics} has no defined result here")
    batch, count = case.inputs[0].shape
    data, x = model_of(case), np.random.default_rng(5).normal(0, 1, (9 * batch, count)).astype(np.float32)
    got = Interpreter(data, numerics=numerics).run([x])[0]
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    want = runtimes.run(numerics, data, [x]).outputs[0]
    np.testing.assert_allclose(got, want, rtol=0, atol=CLOSE * abs(want).max())


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="SVDF 'y'"):
        Interpreter(model_of(case), numerics=numerics)
