"""MAX_POOL_2D against the real runtimes: windows, borders, activations, grids that a runtime refuses."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check, model_of
from tests.ops.movers import agree_in_types, tensor
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(
    name, image=(7, 6, 3), kernel=2, stride=2, padding="VALID", act="NONE", x=(0.1, 3), y=None, type="INT8", **more
):
    """image: (H, W, C). x, y: (scale, zero point), y as x unless given."""
    kernel, stride = np.broadcast_to(kernel, 2).tolist(), np.broadcast_to(stride, 2).tolist()
    sizes = zip(image, kernel, stride, strict=False)
    out = [-(-n // s) if padding == "SAME" else (n - k) // s + 1 for n, k, s in sizes]
    options = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "filter_height": kernel[0],
        "filter_width": kernel[1],
        "fused_activation_function": act,
    }
    y = tensor("y", (1, *out, image[2]), type, x if y is None else y)
    return Case(name, "MAX_POOL_2D", (tensor("x", (1, *image), type, x),), (y,), options, version=2, **more)


CASES = (
    case("two by two"),
    case("two by two same, odd", padding="SAME"),
    case("three by three same", kernel=3, stride=1, padding="SAME"),
    case("whole image", kernel=(7, 6), stride=1),
    case("larger than the image", kernel=(9, 8), stride=3, padding="SAME"),
    case("kernel and stride differ", (9, 10, 2), kernel=(3, 4), stride=(2, 3), padding="SAME"),
    case("stride beyond the kernel", (9, 10, 2), kernel=2, stride=3),
    case("one by one", kernel=1, stride=1),
    case("one by one, stride 2", kernel=1),
    case("relu", act="RELU", x=(0.1, 20)),
    case("relu6", act="RELU6", x=(0.05, -10)),
    case("relu6, bound on a tie", act="RELU6", x=(4 / 3, -4)),
    case("relu6, bound on a tie, stride beyond the kernel", (9, 9, 2), stride=3, act="RELU6", x=(4 / 3, -4)),
    case("other scale", y=(0.2, 3), only=("litert",)),
    case("other scale, stride beyond the kernel", stride=3, y=(0.2, 3), only=("litert", "xnnpack")),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_max_pool_2d(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", ["xnnpack", "tflm"])
@pytest.mark.parametrize("y", [(0.2, 3), (0.1, 4)], ids=str)
def test_refuses_differing_grids(y, numerics):
    with pytest.raises(Unsupported, match="MAX_POOL_2D 'y'.*share scale"):
        Interpreter(model_of(case("differ", y=y)), numerics=numerics)


def test_refuses_a_window_beyond_the_image():
    with pytest.raises(Unsupported, match="MAX_POOL_2D 'y'.*does not fit"):
        Interpreter(model_of(case("beyond", image=(2, 2, 1), kernel=3)))


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("act", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
def test_types(act, numerics):
    agree_in_types(lambda type: case(type, kernel=3, padding="SAME", act=act, x=(0.1, 0), type=type), numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_infinities(numerics):
    x = np.full((1, 4, 4, 2), -np.inf, np.float32)
    x[:, :2, :, 0] = np.inf
    check(case("infinities", image=(4, 4, 2), type="FLOAT32"), numerics, [x])
