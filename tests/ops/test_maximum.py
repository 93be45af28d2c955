"""MAXIMUM and MINIMUM against the real runtimes: stored numbers of every type, whatever the scales."""

import pytest

from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")
CODES = ("MAXIMUM", "MINIMUM")


def cases(code):
    return (
        *(pair(code, f"{code} int8 {k}", (0.1, 3), (0.2, -5), (0.3, 9), shapes=s) for k, s in BROADCASTS.items()),
        pair(code, f"{code} uint8", (0.1, 3), (0.2, 5), (0.3, 9), type="UINT8", only=LITERT_ONLY),
        pair(code, f"{code} int16", type="INT16", shapes=BROADCASTS["both ways"]),
        pair(code, f"{code} int16 without scales", type="INT16", scaled=False),
        pair(code, f"{code} int32", type="INT32", shapes=BROADCASTS["five axes"]),
        pair(code, f"{code} int64", type="INT64", shapes=BROADCASTS["six axes"]),
        *(pair(code, f"{code} float32 {k}", type="FLOAT32", shapes=s) for k, s in BROADCASTS.items()),
        pair(code, f"{code} float32, a scalar", type="FLOAT32", const=0.5),
    )


def refused(code):
    return (
        (pair(code, f"{code} uint8", type="UINT8"), ("tflm",)),
        (pair(code, f"{code} bool", type="BOOL"), RUNTIMES),
        (pair(code, f"{code} apart", output="INT32"), RUNTIMES),
    )


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", [case for code in CODES for case in cases(code)], ids=str)
def test_maximum(case, numerics):
    check(case, numerics)


REFUSED = [(case, name) for code in CODES for case, names in refused(code) for name in names]


@pytest.mark.parametrize(("case", "numerics"), REFUSED, ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)
