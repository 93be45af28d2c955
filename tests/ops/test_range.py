"""RANGE against LiteRT: types, directions, fractions, operands of each run, steps that lead away."""

import numpy as np
import pytest

from tests.ops.harness import Case, check
from tests.ops.movers import LITERT_KERNELS, check_alone, refuses, tensor, values
from tfq.tflite import NUMPY_TYPES


def case(name, start, limit, delta, type="INT32"):
    count = len(np.arange(start, limit, delta)) if delta else 0
    inputs = tuple(values(n, v, type) for n, v in (("start", start), ("limit", limit), ("delta", delta)))
    return Case(name, "RANGE", inputs, (tensor("y", (count,), type),), only=LITERT_KERNELS)


CASES = (
    case("up", 1, 9, 2),
    case("up, odd end", 1, 10, 3),
    case("down", 9, 1, -3),
    case("nothing", 5, 5, 1),
    case("64-bit", 0, 2**40, 2**38, "INT64"),
    case("float", 0.0, 2.0, 0.25, "FLOAT32"),
    case("float down", 1.0, -1.0, -0.5, "FLOAT32"),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_range(case, numerics):
    check(case, numerics, [])


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize(
    ("type", "operands"),
    [("FLOAT32", (0, 100, 0.1)), ("FLOAT32", (0.1, 1.05, 0.1)), ("FLOAT32", (1, -1, -0.3)), ("INT32", (3, -4, -2))],
    ids=str,
)
def test_operands_of_a_run(type, operands, numerics):
    inputs = tuple(tensor(name, (), type) for name in ("start", "limit", "delta"))
    computed = Case("computed", "RANGE", inputs, (tensor("y", (1,), type),), only=LITERT_KERNELS)
    check_alone(computed, numerics, [np.array(value, NUMPY_TYPES[type]) for value in operands])


@pytest.mark.parametrize("operands", [(1, 9, -1), (9, 1, 1), (1, 9, 0), (0, 2**30, 1)], ids=str)
def test_refuses(operands):
    refuses(case("away", *operands) if operands[1] < 10 else huge(operands), "litert")


def huge(operands):
    inputs = tuple(values(n, v) for n, v in zip(("start", "limit", "delta"), operands, strict=True))
    return Case("huge", "RANGE", inputs, (tensor("y", (1,), "INT32"),))


def test_tflm_has_none():
    refuses(case("up", 1, 9, 2), "tflm")
