"""LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, BITWISE_XOR and RIGHT_SHIFT against the real runtimes."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of, patterns
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")
INTEGERS = ("INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32")

CASES = (
    *(pair("LOGICAL_AND", f"and {k}", type="BOOL", shapes=s) for k, s in BROADCASTS.items()),
    *(pair("LOGICAL_OR", f"or {k}", type="BOOL", shapes=s) for k, s in BROADCASTS.items()),
    Case("not", "LOGICAL_NOT", (activation("x", (1, 5, 7), type="BOOL"),), (activation("y", (1, 5, 7), type="BOOL"),)),
    *(pair("BITWISE_XOR", f"xor {k}", type="INT8", shapes=s, only=LITERT_ONLY) for k, s in BROADCASTS.items()),
    *(pair("BITWISE_XOR", f"xor {t}", type=t, only=LITERT_ONLY) for t in INTEGERS),
    *(pair("RIGHT_SHIFT", f"shift {t}, any amount", type=t, only=LITERT_ONLY) for t in INTEGERS),
)
REFUSED = (
    (pair("LOGICAL_AND", "int8", type="INT8"), RUNTIMES),
    (pair("BITWISE_XOR", "int8"), ("tflm",)),
    (pair("BITWISE_XOR", "int64", type="INT64"), RUNTIMES),
    (pair("RIGHT_SHIFT", "int8"), ("tflm",)),
    (pair("RIGHT_SHIFT", "float32", type="FLOAT32"), RUNTIMES),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_logical(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("type", INTEGERS)
def test_right_shift_within_the_type(type, numerics):
    case = pair("RIGHT_SHIFT", f"shift {type}", type=type, shapes=BROADCASTS["both ways"])
    rng = np.random.default_rng(1)
    a, b = (patterns(t, rng, 4) for t in case.inputs)
    check(case, numerics, [a, (b % (8 * b.itemsize)).astype(b.dtype)])


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)
