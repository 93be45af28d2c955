"""The six comparisons against the real runtimes: near-equal reals, stored numbers, and scales of 1 or more."""

import pytest

from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")
EQUATIONS = ("EQUAL", "NOT_EQUAL")
ORDERS = ("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
CODES = EQUATIONS + ORDERS


def compare(code, name, a=(0.1, 0), b=(0.1, 0), **more):
    return pair(code, f"{code} {name}", a, b, output="BOOL", **more)


def cases(code):
    return (
        *(compare(code, f"int8 {k}", (0.1, 3), (0.1, 3), shapes=s) for k, s in BROADCASTS.items()),
        compare(code, "int8 scales apart", (0.1, 3), (0.05, -77)),
        compare(code, "int8 tiny scales", (0.0003, 3), (0.0002, -7)),
        compare(code, "int8 scale just below 1", (0.999, 3), (0.25, -7)),
        compare(code, "int8 scale 1.5 and 20", (1.5, 3), (20.0, -9), only=LITERT_ONLY),
        compare(code, "uint8", (0.1, 3), (0.05, 77), type="UINT8", only=LITERT_ONLY),
        compare(code, "uint8 large", (0.1, 3), (0.1, 3), type="UINT8", shapes=BROADCASTS["large"], only=LITERT_ONLY),
        compare(code, "int16", (0.1, 0), (0.05, 0), type="INT16", only=LITERT_ONLY),
        *(compare(code, t, type=t, shapes=BROADCASTS["both ways"]) for t in ("INT32", "INT64")),
        *(compare(code, f"float32 {k}", type="FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
    )


OTHERS = (
    *(compare(code, "bool", type="BOOL", shapes=BROADCASTS["five axes"]) for code in EQUATIONS),
    *(
        compare(code, "int16 without scales", type="INT16", scaled=False, only=LITERT_ONLY)
        for code in CODES
        if code != "NOT_EQUAL"
    ),
)

REFUSED = (
    *((compare(code, "int8 scale 1", (1.0, 3), (0.5, 3)), RUNTIMES) for code in CODES),
    *((compare(code, "int8 scale 2", (0.5, 3), (2.0, 3)), ("tflm",)) for code in CODES),
    *((compare(code, "bool", type="BOOL"), RUNTIMES) for code in ORDERS),
    *((compare(code, "uint8", type="UINT8"), ("tflm",)) for code in CODES),
    *((compare(code, "int16", type="INT16"), ("tflm",)) for code in CODES),
    (compare("NOT_EQUAL", "int16 without scales", type="INT16", scaled=False), RUNTIMES),
    (compare("LESS", "int8 without scales", scaled=False), RUNTIMES),
    (pair("LESS", "LESS into int8", output="INT8"), RUNTIMES),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", [*(case for code in CODES for case in cases(code)), *OTHERS], ids=str)
def test_comparison(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)
