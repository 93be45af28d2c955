"""FULLY_CONNECTED with a scale for every block of a row, against the real runtimes."""

import numpy as np
import pytest

from tests.ops.harness import assert_equal
from tfq import runtimes
from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.ops.mac_blockwise import to_bfloat16
from tfq.tflite import Model, Operator, Subgraph, Tensor, write
from tfq.tflite.model import Blockwise

pytestmark = pytest.mark.parity


def model(rows, depth, units, *, size=32, act="NONE", with_bias=True, scale_type="FLOAT16"):
    rng = np.random.default_rng(depth + units)
    w = rng.integers(-8, 8, (units, depth)).astype(np.int8)
    scales = rng.uniform(0.001, 0.1, (units, depth // size)).astype(
        np.float16 if scale_type == "FLOAT16" else np.float32
    )
    tensors = (
        Tensor("x", (rows, depth), "FLOAT32"),
        Tensor("w", w.shape, "INT4", data=w, blockwise=Blockwise(2, -1, size)),
        Tensor("scales", scales.shape, scale_type, data=scales),
        Tensor("b", (units,), "FLOAT32", data=rng.normal(size=units).astype(np.float32)),
        Tensor("y", (rows, units), "FLOAT32"),
    )
    options = {"fused_activation_function": act, "weights_format": "DEFAULT", "asymmetric_quantize_inputs": True}
    operator = Operator("FULLY_CONNECTED", (0, 1, 3) if with_bias else (0, 1), (4,), options, 13)
    return write(Model((Subgraph(tensors, (operator,), (0,), (4,)),)))


CASES = {
    "one row": model(1, 128, 24),
    "rows, no bias": model(5, 96, 7, with_bias=False),
    "large blocks, relu": model(3, 256, 33, size=64, act="RELU"),
    "one block, relu6": model(2, 32, 8, act="RELU6"),
}


@pytest.mark.parametrize("numerics", ["litert", "xnnpack"])
@pytest.mark.parametrize("name", CASES)
def test_equal_to_the_runtime(name, numerics):
    data, rng = CASES[name], np.random.default_rng(0)
    interpreter = Interpreter(data, numerics=numerics)
    rows, depth = interpreter.inputs[0].shape
    for x in (rng.normal(1, 3, (rows, depth)), rng.choice([-1e3, 0, 7], (rows, depth)), np.zeros((rows, depth))):
        x = x.astype(np.float32)
        want = runtimes.run(numerics, data, [x]).outputs[0]
        assert_equal(interpreter.run([x])[0], want, f"{name} {numerics}")


@pytest.mark.parametrize(
    ("data", "numerics", "words"),
    [
        (model(1, 128, 8, size=16), "xnnpack", "blocks must be"),
        (model(1, 128, 8, scale_type="FLOAT32"), "xnnpack", "FLOAT16"),
        (model(1, 128, 8), "tflm", "takes these types"),
    ],
    ids=str,
)
def test_refusals(data, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(data, numerics=numerics)


def test_bfloat16_rounds_half_to_even():
    x = np.asarray([1, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-8 + 2.0**-20, -1.00390625], np.float32)
    assert to_bfloat16(x).tolist() == [1, 1, 1 + 2.0**-6, 1 + 2.0**-7, -1]
