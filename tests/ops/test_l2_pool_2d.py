"""L2_POOL_2D against the real runtimes: windows, borders, activations."""

import dataclasses

import numpy as np
import pytest

from tests.ops.elements import check_close, element
from tests.ops.harness import RUNTIMES, activation, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

IMAGE = (1, 7, 6, 3)


def pool(name, kernel=2, stride=2, padding="VALID", act="NONE", type="FLOAT32"):
    out = [-(-n // stride) if padding == "SAME" else (n - kernel) // stride + 1 for n in IMAGE[1:3]]
    options = {
        "padding": padding,
        "stride_h": stride,
        "stride_w": stride,
        "filter_height": kernel,
        "filter_width": kernel,
        "fused_activation_function": act,
    }
    case = element("L2_POOL_2D", name, type=type, shape=IMAGE, options=options)
    return dataclasses.replace(case, outputs=(activation("y", (1, *out, 3), type=type),))


CASES = (
    pool("two by two"),
    pool("three by three same", 3, 1, "SAME"),
    pool("stride beyond the kernel", 2, 3),
    pool("relu6", act="RELU6"),
    pool("relu n1 to 1", act="RELU_N1_TO_1"),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_l2_pool_2d(case, numerics):
    x = np.random.default_rng(1).normal(0, 4, (2, *IMAGE[1:])).astype(np.float32)
    check_close(case, numerics, [x])


def test_floats_only():
    with pytest.raises(Unsupported, match="input type must be one of FLOAT32, received INT8"):
        Interpreter(model_of(pool("int8", type="INT8")), numerics="litert")
