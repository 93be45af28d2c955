"""Ops whose runtime sets another output type than the file's: ADD and SUB of LiteRT."""

import numpy as np
import pytest

from tests.interpreter.graphs import ADD, int8, tensor
from tests.ops.harness import quantization
from tfq import Unsupported
from tfq.interpreter import Interpreter
from tfq.parity import parity
from tfq.runtimes import run
from tfq.tflite import Model, Operator, Subgraph, Tensor, write

SHAPE = (1, 8, 8, 3)
SCALES = {"x": 0.1, "sum": 0.4, "y": 0.4}  # halves that LiteRT's kernel and XNNPACK round differently


def chain(code: str, inner: str, outer: str = "INT8", then: str | None = None) -> bytes:
    """y = op(op(x, x), x): x and y of one type, `inner` what the file says of the value between them."""
    types = {"x": outer, "sum": inner, "y": outer}
    tensors = tuple(Tensor(name, SHAPE, types[name], quantization(SCALES[name], 0)) for name in types)
    operators = (
        Operator(code, (0, 0), (1,), ADD),
        Operator(then or code, *(((1, 0), (2,), ADD) if not then else ((1,), (2,), {}))),
    )
    return write(Model((Subgraph(tensors, operators, (0,), (2,), "main"),)))


@pytest.mark.parity
@pytest.mark.parametrize("numerics", ["litert", "xnnpack"])
@pytest.mark.parametrize("code", ["ADD", "SUB"])
@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("INT8", "FLOAT32"),
        ("INT8", "UINT8"),
        ("INT8", "INT16"),
        ("INT16", "INT8"),
        ("FLOAT32", "INT8"),
        ("INT8", "INT8"),
    ],
)
def test_the_type_of_the_operands_holds(outer, inner, code, numerics):
    model = chain(code, inner, outer)
    dtype = np.dtype(outer.lower())
    x = np.random.default_rng(3).integers(-128, 128, (16, *SHAPE[1:])).astype(dtype)
    (y,) = Interpreter(model, numerics).run(x)
    (expected,) = run(numerics, model, [x]).outputs
    assert y.dtype == expected.dtype == dtype
    assert np.array_equal(y, expected)


@pytest.mark.parity
@pytest.mark.parametrize("numerics", ["litert", "xnnpack"])
@pytest.mark.parametrize(("inner", "outer"), [("FLOAT32", "INT8"), ("INT8", "FLOAT32")])
def test_so_it_does_at_the_end(inner, outer, numerics):
    tensors = (Tensor("x", SHAPE, inner, quantization(0.1, 0)), Tensor("y", SHAPE, outer, quantization(0.4, 0)))
    model = write(Model((Subgraph(tensors, (Operator("ADD", (0, 0), (1,), ADD),), (0,), (1,), "main"),)))
    x = np.random.default_rng(3).integers(-128, 128, SHAPE).astype(inner.lower())
    interpreter = Interpreter(model, numerics)
    (expected,) = run(numerics, model, [x]).outputs
    assert interpreter.outputs[0].dtype == expected.dtype == x.dtype
    assert np.array_equal(interpreter.run(x)[0], expected)


def test_a_type_that_needs_a_scale():
    model = Model(
        (Subgraph((int8("x", SHAPE), tensor("y", SHAPE)), (Operator("ADD", (0, 0), (1,), ADD),), (0,), (1,), "main"),)
    )
    with pytest.raises(Unsupported, match="has no scale"):
        Interpreter(write(model), "litert")


def test_tflm_keeps_the_type_of_the_file_and_reads_beyond_its_operands():
    with pytest.raises(Unsupported, match="op 0 ADD 'sum': the first input is INT8: second input and output must be"):
        Interpreter(chain("ADD", "FLOAT32"), "tflm")


def test_other_readers_are_refused():
    with pytest.raises(Unsupported, match="op 1 RELU 'y': an input's type is not the file's"):
        Interpreter(chain("ADD", "FLOAT32", then="RELU"), "litert")


@pytest.mark.parity
def test_parity_holds(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(chain("ADD", "FLOAT32"))
    report = parity(path, runtimes=["litert", "xnnpack"], samples=2)
    assert report.ok, str(report)
