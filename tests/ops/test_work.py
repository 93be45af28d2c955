"""A small file that asks for hours of work is refused when it is loaded."""

import numpy as np
import pytest

import tfq
from tests.ops.harness import RUNTIMES, Case, activation, bias, model_of, weights
from tfq.interpreter import Interpreter

STRIDES = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "fused_activation_function": "NONE"}
CASES = (
    Case(
        "a large kernel over a large image",
        "CONV_2D",
        (activation("x", (1, 3000, 3000, 1)), weights(np.ones((1, 200, 200, 1), np.int8), 0.5), bias([1], scale=0.05)),
        (activation("y", (1, 2801, 2801, 1)),),
        {**STRIDES, "dilation_h_factor": 1, "dilation_w_factor": 1},
        3,
    ),
    Case(
        "a large window over a large image",
        "AVERAGE_POOL_2D",
        (activation("x", (1, 3000, 3000, 1)),),
        (activation("y", (1, 1001, 1001, 1)),),
        {**STRIDES, "filter_width": 2000, "filter_height": 2000},
    ),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_refused(case, numerics):
    with pytest.raises(tfq.Unsupported, match=f"op 0 {case.code} 'y': one sample takes [0-9]+ products or sums"):
        Interpreter(model_of(case), numerics)
