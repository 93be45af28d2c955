"""REVERSE_SEQUENCE against LiteRT: types, orders of the two axes, lengths of each run, lengths beyond the axis."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.movers import LITERT_KERNELS, agree_in_types, refuses, refuses_values, tensor, values


def case(name, lengths, seq_dim, batch_dim, shape=(3, 4, 5), type="INT16", index="INT32"):
    given = tensor("n", (shape[batch_dim],), index) if lengths is None else values("n", lengths, index)
    options = {"seq_dim": seq_dim, "batch_dim": batch_dim}
    inputs = (tensor("x", shape, type), given)
    return Case(name, "REVERSE_SEQUENCE", inputs, (tensor("y", shape, type),), options, only=LITERT_KERNELS)


CASES = (
    case("rows", (4, 2, 3), 1, 0),
    case("samples", (3, 0, 1, 2), 0, 1),
    case("far apart", (5, 1, 3), 2, 0),
    case("far apart, turned", (3, 1, 2, 2, 0), 0, 2),
    case("64-bit", (4, 2, 3), 1, 0, index="INT64"),
)


def image(shape=(3, 4, 5)):
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reverse_sequence(case, numerics):
    check(case, numerics, [image()])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
def test_lengths_of_a_run(numerics):
    check(case("computed", None, 1, 0), numerics, [image(), np.array([1, 4, 2], np.int32)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    agree_in_types(lambda type: case(type, (4,), 1, 0, (1, 4, 5), type), numerics)


def test_refuses():
    refuses(case("same axis", (1, 1, 1), 0, 0), "litert")
    refuses(case("axis", (1, 1, 1), 3, 0), "litert")
    refuses(case("lengths", (1, 1), 1, 0), "litert")
    refuses_values(case("too long", None, 1, 0), [image(), np.array([5, 1, 1], np.int32)])
