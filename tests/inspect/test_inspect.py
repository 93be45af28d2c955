"""Figures and smells of hand-made files, one named row a smell."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.ops.harness import Case, activation, bias, constant, model_of, quantization, weights
from tests.parity.models import network
from tfq.errors import TfqError
from tfq.inspect import inspect
from tfq.inspect.sizes import MACS, macs
from tfq.tflite import Model, Operator, Subgraph, Tensor, read, write

CODES = np.random.default_rng(5).integers(-127, 128, (4, 8)).astype(np.int8)
CODES[:, 0] = 127


def dense(w=CODES, w_scale=0.01, b=(0, 0, 0, 0), x=(0.05, 3), y=(0.1, 0), act="NONE", types=("INT8", "INT8")) -> bytes:
    """x [1, 8] -> FULLY_CONNECTED -> y [1, 4]."""
    tensors = (
        activation("x", (1, 8), *x, type=types[0]),
        weights(w, w_scale),
        bias(b, scale=x[0] * np.asarray(w_scale)),
    )
    out = (activation("y", (1, 4), *y, type=types[1]),)
    return model_of(Case("dense", "FULLY_CONNECTED", tensors, out, {"fused_activation_function": act}, 4))


def reshape(shape) -> bytes:
    tensors = (activation("x", (1, 4, 2)), constant("shape", shape))
    return model_of(Case("reshape", "RESHAPE", tensors, (activation("y", (1, 8)),)))


def softmax(scale: float) -> bytes:
    x, y = activation("x", (1, 8)), activation("y", (1, 8), scale, -128)
    return model_of(Case("softmax", "SOFTMAX", (x,), (y,), {"beta": 1.0}, 2))


def unsigned() -> bytes:
    model = read(dense())
    return write(replace(model, signatures=()))


def strange() -> bytes:
    model = read(reshape([-1, 8]))
    operator = replace(model.main.operators[0], code="CUSTOM", custom_code="my_op", options={})
    return write(replace(model, subgraphs=(replace(model.main, operators=(operator,)),)))


def few_codes(channel: int, values) -> np.ndarray:
    codes = CODES.copy()
    codes[channel] = values
    return codes


def dequantized() -> bytes:
    """Integers in, floats out."""
    x, y = activation("x", (1, 8)), activation("real", (1, 8), type="FLOAT32")
    tensors = (*read(dense()).main.tensors, y)
    operators = (*read(dense()).main.operators, Operator("DEQUANTIZE", (0,), (4,), {}, 2))
    assert x.shape == y.shape
    return write(Model((Subgraph(tensors, operators, (0,), (3, 4), "main"),)))


# file -> what one of its smells says; None: no smell at all
SMELLS = {
    "nothing": (dense(), None),
    "an open batch": (reshape([-1, 8]), None),
    "raw bytes": (dense(x=(1.0, -128), w_scale=0.0005), None),
    "relu6 on its grid": (dense(y=(6 / 255, -128), act="RELU6"), None),
    "no signature": (unsigned(), "no signature"),
    "unknown op": (strange(), "tfq has no arithmetic for my_op"),
    "pinned batch": (reshape([1, 8]), "op 0 RESHAPE 'y': shape (1, 8) pins the batch to 1"),
    "float output": (dequantized(), "op 1 DEQUANTIZE 'real': FLOAT32 output in a file with integer ops"),
    "unknown type": (dense(types=("FLOAT16", "FLOAT16")), "tfq has no arithmetic for FULLY_CONNECTED of FLOAT16"),
    "hybrid": (dense(types=("FLOAT32", "FLOAT32")), "1 ops have integer weights and float activations"),
    "zero channel": (dense(few_codes(2, 0)), "weight channel 2 of 4 all zero"),
    "few codes": (dense(few_codes(1, [3, -2] * 4)), "weight channel 1 of 4 within fewer than 8 codes (6)"),
    "few codes per channel": (dense(few_codes(1, 1), [0.01] * 4), "its scale is too wide"),
    "bias": (dense(b=[0, -(2**31) + 1, 5, 0]), "bias -2147483647 of channel 1 is near int32's limit"),
    "scale of an input": (dense(x=(0.7, 0)), "input 'x': scale 0.7 > 0.5, range [-89.6, 88.9]"),
    "scale of an output": (dense(w_scale=0.2, y=(0.6, 0)), "'y': scale 0.6 > 0.5, range [-76.8, 76.2]"),
    "wide for its weights": (
        dense(w_scale=0.0001, y=(0.1, 0)),
        "'y': scale 0.1 covers [-12.8, 12.7], the op gives at most",
    ),
    "wide for relu6": (dense(y=(0.2, -128), act="RELU6"), "the op gives at most [0, 6]: 31 codes"),
    "wide for softmax": (softmax(1 / 32), "the op gives at most [0, 1]: 33 codes"),
}


@pytest.mark.parametrize("name", SMELLS)
def test_smells(name):
    content, expected = SMELLS[name]
    found = inspect(content).smells
    assert (found == ()) if expected is None else any(expected in line for line in found), found


def test_the_wide_bound_holds():
    """No input gives more than the bound that the smell names: the worst one reaches it."""
    from tfq.inspect.ranges import attainable

    graph = read(dense(b=[100, -50, 7, 0])).main
    low, high = attainable(graph.operators[0], graph.tensors[:3])
    w = CODES.astype(np.float64) * np.float32(0.01)
    x = (np.array([-128, 127]) - 3) * 0.05
    b = np.array([100, -50, 7, 0]) * np.float64(np.float32(0.01)) * np.float64(np.float32(0.05))
    best = np.where(w > 0, w * x[1], w * x[0]).sum(1) + b
    worst = np.where(w > 0, w * x[0], w * x[1]).sum(1) + b
    assert (low, high) == (pytest.approx(worst.min(), rel=1e-6), pytest.approx(best.max(), rel=1e-6))


# code -> shapes of the inputs, of the output, multiply-accumulates counted by hand
COUNTS = {
    "CONV_2D": ([(1, 8, 8, 3), (16, 3, 3, 3), (16,)], (1, 4, 4, 16), 4 * 4 * 16 * 27),
    "CONV_2D grouped": ([(1, 8, 8, 4), (6, 1, 1, 2)], (1, 8, 8, 6), 64 * 6 * 2),
    "DEPTHWISE_CONV_2D": ([(1, 8, 8, 3), (1, 5, 5, 6)], (1, 8, 8, 6), 64 * 6 * 25),
    "TRANSPOSE_CONV": ([(4,), (5, 2, 2, 3), (1, 4, 4, 3)], (1, 8, 8, 5), 16 * 3 * 4 * 5),
    "FULLY_CONNECTED": ([(2, 7, 10), (5, 10)], (2, 7, 5), 14 * 50),
    "BATCH_MATMUL": ([(3, 4, 5), (3, 5, 6)], (3, 4, 6), 3 * 4 * 5 * 6),
    "CONV_3D": ([(1, 4, 4, 4, 2), (2, 2, 2, 2, 3)], (1, 3, 3, 3, 3), 81 * 16),
    "SVDF": ([(1, 10), (8, 10), (8, 4), (4,)], (1, 4), 80 + 32),
    "ADD": ([(1, 10), (1, 10)], (1, 10), 0),
    "FULLY_CONNECTED empty": ([(1, 0), (5, 0)], (1, 5), 0),
}


@pytest.mark.parametrize("name", COUNTS)
def test_macs(name):
    inputs, output, expected = COUNTS[name]
    code = name.split()[0]
    tensors = [Tensor(str(i), shape, "INT8") for i, shape in enumerate([*inputs, output])]
    operator = Operator(code, tuple(range(len(inputs))), (len(inputs),))
    assert macs(operator, tensors) == expected


@pytest.mark.parametrize("code", MACS)
def test_macs_of_tensors_that_make_no_sense(code):
    """A file may say anything; the count is then some number, never an error."""
    for rank in range(4):
        tensors = [Tensor("t", (0,) * rank, "INT8")] * 4
        assert macs(Operator(code, (0, -1, 1), (2,)), tensors) >= 0
    assert macs(Operator(code, (), ()), []) == 0


def test_figures():
    summary = inspect(network())
    assert [op.code for op in summary.ops] == ["CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "RESHAPE", "FULLY_CONNECTED"]
    assert summary.macs == 16 * 4 * 18 + 16 * 4 * 9 + 3 * 64
    assert summary.weight_bytes == 72 + 16 + 36 + 16 + 8 + 192 + 12
    assert summary.activation_peak == 3 * 64  # conv, depthwise and sum at the ADD
    assert summary.signatures == ("serving_default(image) -> (scores)",)
    assert summary.bytes == len(network())
    first = summary.ops[0]
    assert (first.activation, first.outputs[0].scale, first.outputs[0].zero_point) == (
        "RELU",
        pytest.approx(0.06),
        -128,
    )
    assert first.constants[0].channels == 4
    found = json.loads(summary.to_json())
    assert found["ops"][4]["macs"] == 192 and found["inputs"][0]["shape"] == [1, 4, 4, 2]


def test_the_table_is_readable_at_100_columns():
    text = str(inspect(network()))
    assert max(map(len, text.splitlines())) <= 100
    assert "CONV_2D +RELU" in text and "2.0 k" not in text and "no smells" in text
    long = Tensor("a/very" * 60, (1, 8), "INT8", quantization(0.1))
    graph = Subgraph((long, replace(long, name="y" * 300)), (Operator("RELU", (0,), (1,), {}, 2),), (0,), (1,), "main")
    assert max(map(len, str(inspect(write(Model((graph,))))).splitlines())) <= 100


@pytest.mark.parametrize("content", [b"", b"TFL3", network()[:200]], ids=["empty", "short", "truncated"])
def test_a_damaged_file_is_an_error(content, tmp_path):
    (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(TfqError, match=r"m\.tflite"):
        inspect(tmp_path / "m.tflite")
