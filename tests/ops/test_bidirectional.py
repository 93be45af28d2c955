"""BIDIRECTIONAL_SEQUENCE_LSTM and _RNN against LiteRT: both ends, merged or not, runs in a row."""

import numpy as np
import pytest

from tests.ops.elements import CLOSE
from tests.ops.harness import RUNTIMES, Case, model_of, weights
from tfq import Unsupported, runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

LITERT_ONLY = ("litert", "xnnpack")
LSTM, RNN = "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN"


class Build:
    """Constants of one case, all different."""

    def __init__(self, name, hybrid):
        self.rng, self.hybrid = np.random.default_rng(len(name)), hybrid

    def matrix(self, *shape):
        if self.hybrid is None:
            return self.vector(*shape)
        return weights(self.rng.integers(-127, 128, shape).astype(np.int8), self.rng.uniform(0.003, 0.01))

    def vector(self, *shape):
        values = self.rng.normal(0, 0.5, shape).astype(np.float32)
        return Tensor("w", shape, "FLOAT32", None, values)


def state(batch, units):
    return Tensor("state", (batch, units), "FLOAT32", is_variable=True)


def lstm_inputs(build, inputs, batch, sizes):
    """48 inputs. sizes: cells of the two directions."""
    found = []
    for cells in sizes:
        found += [build.matrix(cells, inputs) for _ in range(4)] + [build.matrix(cells, cells) for _ in range(4)]
        found += [None] * 3 + [build.vector(cells) for _ in range(4)] + [None] * 2
    return (*found, *(state(batch, cells) for cells in sizes for _ in range(2)), *[None] * 9)


def rnn_inputs(build, inputs, batch, sizes):
    """12 inputs. sizes: units of the two directions."""
    each = [
        (build.matrix(units, inputs), build.matrix(units, units), build.vector(units), state(batch, units))
        for units in sizes
    ]
    return (*each[0], *each[1], None, None, None)


def case(name, code, lead=(1, 6), batch=1, sizes=None, merged=True, time_major=False, hybrid=None, act="TANH"):
    """hybrid: None for float32 weights, else asymmetric_quantize_inputs."""
    sizes = sizes or {LSTM: (5, 5), RNN: (4, 5)}[code]
    x = Tensor("x", (*lead, 7), "FLOAT32")
    rest = {LSTM: lstm_inputs, RNN: rnn_inputs}[code](Build(name, hybrid), 7, batch, sizes)
    outputs = (sum(sizes),) if merged else sizes
    ys = tuple(Tensor(f"y{i}", (*lead, units), "FLOAT32") for i, units in enumerate(outputs))
    options = {"merge_outputs": merged, "time_major": time_major, "fused_activation_function": act}
    options |= {} if hybrid is None else {"asymmetric_quantize_inputs": hybrid}
    return Case(name, code, (x, *rest), ys, options)


CASES = tuple(
    made
    for code in (LSTM, RNN)
    for made in (
        case(f"{code} merged", code),
        case(f"{code} apart", code, merged=False),
        case(f"{code} two samples", code, (2, 6), 2, merged=False),
        case(f"{code} time first", code, (6, 2), 2, time_major=True),
        case(f"{code} hybrid", code, hybrid=False),
        case(f"{code} hybrid, asymmetric", code, (2, 6), 2, hybrid=True, merged=False),
    )
)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_bidirectional(case, numerics):
    shape = case.inputs[0].shape
    data, x = model_of(case), np.random.default_rng(5).normal(0, 1, (3 * shape[0], *shape[1:])).astype(np.float32)
    got = Interpreter(data, numerics=numerics).run([x])
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    for a, b in zip(got, runtimes.run(numerics, data, [x]).outputs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=CLOSE * abs(b).max())


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("code", [LSTM, RNN])
def test_refuses_outputs_that_do_not_fit(code, numerics):
    apart = case("apart", code, merged=False)
    wrong = Case("one output", code, apart.inputs, apart.outputs[:1], apart.options)
    with pytest.raises(Unsupported, match=f"{code} 'y0'"):
        Interpreter(model_of(wrong), numerics=numerics)


def test_lstm_refuses_unlike_sizes():
    with pytest.raises(Unsupported, match="as many cells, received 4 and 5"):
        Interpreter(model_of(case("unlike", LSTM, sizes=(4, 5))))


def test_lstm_refuses_what_overruns_its_states():
    with pytest.raises(Unsupported, match="reads beyond its states"):
        Interpreter(model_of(case("two samples", LSTM, (2, 6), 2)))


@pytest.mark.parametrize("code", [LSTM, RNN])
def test_tflm_has_none(code):
    with pytest.raises(Unsupported, match=f"{code} 'y0'.*takes none"):
        Interpreter(model_of(case("merged", code)), numerics="tflm")
