"""RNN and UNIDIRECTIONAL_SEQUENCE_RNN against LiteRT: runs in a row, both orders of a sequence, activations."""

import numpy as np
import pytest

from tests.ops.elements import CLOSE
from tests.ops.harness import RUNTIMES, Case, model_of, weights
from tfq import Unsupported, runtimes
from tfq.interpreter import Interpreter
from tfq.tflite import Tensor

LITERT_ONLY = ("litert", "xnnpack")
SEQUENCE = "UNIDIRECTIONAL_SEQUENCE_RNN"


def case(name, lead=(1,), code="RNN", act="TANH", batch=1, units=5, time_major=False, hybrid=None):
    """hybrid: None for float32 weights, else asymmetric_quantize_inputs."""
    rng = np.random.default_rng(len(name))
    values = [rng.normal(0, 0.5, shape).astype(np.float32) for shape in ((units, 6), (units, units), (units,))]
    constants = [Tensor("w", v.shape, "FLOAT32", None, v) for v in values]
    if hybrid is not None:
        constants[:2] = [weights(rng.integers(-127, 128, v.shape).astype(np.int8), 0.01) for v in values[:2]]
    x, state = Tensor("x", (*lead, 6), "FLOAT32"), Tensor("h", (batch, units), "FLOAT32", is_variable=True)
    options = {"fused_activation_function": act} | ({"time_major": time_major} if code == SEQUENCE else {})
    options |= {} if hybrid is None else {"asymmetric_quantize_inputs": hybrid}
    return Case(name, code, (x, *constants, state), (Tensor("y", (*lead, units), "FLOAT32"),), options)


CASES = (
    case("one step"),
    case("two samples, relu6", (2,), act="RELU6", batch=2),
    case("sequence", (1, 7), SEQUENCE),
    case("sequence of two samples", (2, 7), SEQUENCE, batch=2, act="RELU_N1_TO_1"),
    case("sequence, time first", (7, 2), SEQUENCE, batch=2, time_major=True),
    case("hybrid", hybrid=False),
    case("hybrid sequence", (2, 7), SEQUENCE, batch=2, hybrid=False, units=12),
    case("hybrid sequence, asymmetric", (7, 2), SEQUENCE, batch=2, time_major=True, hybrid=True),
)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_rnn(case, numerics):
    shape = case.inputs[0].shape
    data, x = model_of(case), np.random.default_rng(5).normal(0, 1, (4 * shape[0], *shape[1:])).astype(np.float32)
    got = Interpreter(data, numerics=numerics).run([x])[0]
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    want = runtimes.run(numerics, data, [x]).outputs[0]
    np.testing.assert_allclose(got, want, rtol=0, atol=CLOSE * abs(want).max())


@pytest.mark.parametrize(
    ("case", "numerics"),
    [(CASES[0], "tflm"), *((case("state of another size", batch=2), numerics) for numerics in RUNTIMES)],
    ids=str,
)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match="RNN 'y'"):
        Interpreter(model_of(case), numerics=numerics)
