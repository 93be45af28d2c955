"""The four element-wise STABLEHLO ops against LiteRT: every type, wrapping integers, unclamped reals."""

import pytest

from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")
CODES = ("STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM")
TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "UINT32", "FLOAT32", "FLOAT64")

CASES = tuple(pair(code, f"{code} {type}", type=type, only=LITERT_ONLY) for code in CODES for type in TYPES)
REFUSED = (
    (CASES[0], ("tflm",)),
    (pair("STABLEHLO_ADD", "broadcast", shapes=BROADCASTS["both ways"]), RUNTIMES),
)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_stablehlo_elementwise(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)
