"""RESHAPE against the real runtimes: where the shape comes from, -1, and a batch through a fixed leading 1."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, constant, model_of
from tests.ops.movers import agree_in_types, tensor, values
from tfq import TfqError, Unsupported
from tfq.interpreter import Interpreter
from tfq.ops.reshape import resolve


def case(name, shape=(1, 4, 6), out=(1, 24), tensor=None, option=(), y=(0.1, 3), **more):
    """tensor, option: the shape as stored in the second input and in `new_shape`."""
    inputs = [activation("x", shape, 0.1, 3)] + ([] if tensor is None else [constant("shape", tensor)])
    return Case(name, "RESHAPE", tuple(inputs), (activation("y", out, *y),), {"new_shape": option}, **more)


CASES = (
    case("fixed", tensor=(1, 24)),
    case("fixed, option", option=(1, 24)),
    case("batch free", tensor=(-1, 24)),
    case("size free", tensor=(1, -1)),
    case("size free, option", option=(1, -1)),
    case("the tensor wins", tensor=(1, 24), option=(1, 3, 8)),
    case("a tensor that is no vector", tensor=[[1, 3]], option=(1, 24), only=("litert", "tflm")),
    case("splits an axis", out=(1, 2, 2, 3, 2), tensor=(1, 2, 2, 3, 2)),
    case("splits an axis, batch free", out=(1, 2, 2, 3, 2), tensor=(-1, 2, 2, 3, 2)),
    case("batch into rows", out=(4, 6), tensor=(4, 6)),
    case("batch into rows, free", out=(4, 6), tensor=(-1, 6)),
    case("rows into a batch", shape=(4, 6), out=(1, 24), tensor=(1, 24)),
    case("to a vector", out=(24,), tensor=(24,)),
    case("other grid", tensor=(1, 24), y=(0.2, -9)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reshape(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("tensor", [(1, 23), (-1, -1), (1, 5, -1), (-2, 24), (0, -1)], ids=str)
def test_refuses_a_shape_that_does_not_fit(tensor):
    with pytest.raises(Unsupported, match="RESHAPE 'y'"):
        Interpreter(model_of(case("misfit", tensor=tensor)))


def test_scalar_of_old_files():
    """A lone 0 in `new_shape` means a scalar. Source: google-ai-edge/LiteRT tflite/kernels/reshape.cc."""
    model = model_of(case("scalar", shape=(1, 1), out=(), option=(0,)))
    assert Interpreter(model).run(np.array([[5]], np.int8))[0].shape == ()


def test_resolve():
    assert resolve((2, -1, 3), 24) == (2, 4, 3)
    assert resolve((), 1) == ()
    with pytest.raises(TfqError, match="24 elements"):
        resolve((7, -1), 24)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def case(type):
        inputs = (tensor("x", (1, 4, 6), type), values("shape", (1, 24)))
        return Case(type, "RESHAPE", inputs, (tensor("y", (1, 24), type),), {}, 1)

    agree_in_types(case, numerics)
