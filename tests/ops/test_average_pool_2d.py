"""AVERAGE_POOL_2D against the real runtimes: windows, borders, activations, ties."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter
from tfq.numerics import arrays
from tfq.ops import average_pool_2d


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
    y = activation("y", (1, *out, image[2]), *(x if y is None else y), type)
    more = {"only": LITERT_KERNELS if type == "UINT8" else RUNTIMES, "version": 2, **more}
    return Case(name, "AVERAGE_POOL_2D", (activation("x", (1, *image), *x, type),), (y,), options, **more)


CASES = (
    case("two by two"),
    case("two by two same, odd", padding="SAME"),
    case("three by three same", kernel=3, stride=1, padding="SAME"),
    case("whole image", kernel=(7, 6), stride=1),
    case("larger than the image", kernel=(9, 8), stride=3, padding="SAME"),
    case("kernel and stride differ", (9, 10, 2), kernel=(3, 2), stride=(2, 3), padding="SAME"),
    case("stride beyond the kernel", (9, 10, 2), kernel=2, stride=3),
    case("one by one", kernel=1, stride=1),
    case("one by one, stride 2", kernel=1),
    case("relu", act="RELU", x=(0.1, 20)),
    case("relu6", act="RELU6", x=(0.05, -10)),
    case("relu6, bound on a tie", act="RELU6", x=(4 / 3, -4)),
    case("other scale", y=(0.2, 3), only=("litert", "xnnpack")),
    case("other zero point", y=(0.1, 9), only=("litert", "xnnpack")),
    case("scales nearly equal", x=(0.1, 3), y=(0.1000005, 3)),
    case("large window", (30, 31, 2), kernel=(29, 30), stride=1, samples=2),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_average_pool_2d(case, numerics):
    check(case, numerics)


OTHER_TYPES = tuple(
    case(f"{type} {name}", x=(0.1, zero_point), type=type, **more)
    for type, zero_point in (("UINT8", 130), ("INT16", 0))
    for name, more in {
        "two by two": {},
        "three by three same": {"kernel": 3, "stride": 1, "padding": "SAME"},
        "stride beyond the kernel": {"stride": 3},
        "relu6": {"act": "RELU6"},
        "relu": {"act": "RELU"},
        "whole image": {"kernel": (7, 6), "stride": 1},
    }.items()
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", OTHER_TYPES, ids=str)
def test_other_types(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("padding", ("SAME", "VALID"))
@pytest.mark.parametrize("act", ("NONE", "RELU6", "RELU_N1_TO_1"))
def test_real(act, padding, numerics):
    x = np.random.default_rng(3).normal(0, 5, (2, 7, 6, 3)).astype(np.float32)
    check_close(case("real", kernel=3, act=act, padding=padding, type="FLOAT32"), numerics, [x])


def test_refuses_kernels_without_end():
    with pytest.raises(Unsupported, match="up to 4096 rows"):
        Interpreter(model_of(case("huge", kernel=2**30, padding="SAME")), numerics="litert")


@pytest.mark.parametrize("y", [(0.2, 3), (0.1, 4)], ids=str)
def test_tflm_refuses_differing_grids(y):
    with pytest.raises(Unsupported, match="AVERAGE_POOL_2D 'y'.*share scale"):
        Interpreter(model_of(case("differ", y=y)), numerics="tflm")


def test_halves_away_from_zero():
    totals = np.array([-7, -6, -5, -3, -2, -1, 0, 1, 2, 3, 5, 6, 7])
    got = average_pool_2d.integers(arrays, totals, np.array(4), (-128, 127))
    assert got.tolist() == [-2, -2, -1, -1, -1, 0, 0, 0, 1, 1, 1, 2, 2]
