"""FLOOR_DIV and FLOOR_MOD against the real runtimes: every sign, the ends of the types, and divisors of zero."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, check, model_of, patterns
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")


def cases(code):
    return (
        *(pair(code, f"{code} float32 {k}", type="FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
        pair(code, f"{code} int8", (0.1, 3), (0.2, 5), (0.3, 7), only=LITERT_ONLY, samples=20),
        pair(code, f"{code} int16", type="INT16", only=LITERT_ONLY, shapes=BROADCASTS["both ways"]),
        pair(code, f"{code} int32", type="INT32", only=LITERT_ONLY, shapes=BROADCASTS["six axes"], samples=20),
    )


CASES = (
    *cases("FLOOR_DIV"),
    *cases("FLOOR_MOD"),
    pair("FLOOR_MOD", "FLOOR_MOD int64", type="INT64", only=LITERT_ONLY),
)
REFUSED = (
    *((pair(code, f"{code} int32", type="INT32"), ("tflm",)) for code in ("FLOOR_DIV", "FLOOR_MOD")),
    *((pair(code, f"{code} uint8", type="UINT8"), RUNTIMES) for code in ("FLOOR_DIV", "FLOOR_MOD")),
    (pair("FLOOR_DIV", "FLOOR_DIV int64", type="INT64"), RUNTIMES),
)


def defined(case):
    """Inputs without divisors of zero, and of -1 where the lowest integer divided by it is undefined."""
    rng = np.random.default_rng(len(case.name))
    a, b = (patterns(t, rng, case.samples) for t in case.inputs)
    b = np.where(b == 0, np.asarray(3, b.dtype), b)
    if b.dtype.kind == "i" and (b.dtype.itemsize >= 4) == (case.code == "FLOOR_MOD"):
        b = np.where(b == -1, np.asarray(-3, b.dtype), b)
    return [a, b]


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_floor_div(case, numerics):
    check(case, numerics, defined(case))


@pytest.mark.parametrize("numerics", LITERT_ONLY)
def test_the_lowest_int32_by_minus_one(numerics):
    case = pair("FLOOR_DIV", "lowest", type="INT32", shapes=((1, 300), (1, 300)))
    check(case, numerics, [np.full((1, 300), -(2**31), np.int32), np.full((1, 300), -1, np.int32)])


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize(
    ("code", "type", "a", "b", "words"),
    [
        ("FLOOR_DIV", "FLOAT32", 1, 0, "divisor holds 0"),
        ("FLOOR_DIV", "INT8", 1, 0, "divisor holds 0"),
        ("FLOOR_DIV", "INT8", -128, -1, "overflows"),
        ("FLOOR_MOD", "INT64", 1, 0, "divisor holds 0"),
        ("FLOOR_MOD", "INT64", -(2**63), -1, "overflows"),
    ],
)
def test_refuses_divisors_that_stop_the_runtime(code, type, a, b, words):
    case = pair(code, "stops", type=type, shapes=((1, 1), (1, 1)))
    arrays = [np.array([[value]], case.inputs[0].dtype) for value in (a, b)]
    with pytest.raises(Unsupported, match=f"{code} 'y'.*{words}"):
        Interpreter(model_of(case), numerics="litert").run(arrays)
