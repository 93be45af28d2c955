"""CONV_2D against the real runtimes: windows, groups, activations, ties, the wrap of 32 bits."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, bias, check, weights


def conv(
    name,
    image,
    filter_shape,
    *,
    stride=1,
    dilation=1,
    padding="SAME",
    act="NONE",
    x=(0.05, 3),
    y=(0.1, -5),
    w=None,
    b=(-3000, 3000),
    codes=127,
    **more,
):
    """A random CONV_2D. image: [H, W, C]; filter_shape: [O, kh, kw, C / groups]; x, y: scale, zero point; w: scales."""
    rng = np.random.default_rng(len(name) + sum(image))
    out_channels, kh, kw, _ = filter_shape
    scales = rng.uniform(0.001, 0.01, out_channels) if w is None else w
    strides, dilations = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    size = []
    for n, k, s, d in zip(image, (kh, kw), strides, dilations, strict=False):
        size.append(-(-n // s) if padding == "SAME" else (n - (k - 1) * d - 1) // s + 1)
    return Case(
        name,
        "CONV_2D",
        (
            activation("x", (1, *image), *x),
            weights(rng.integers(-codes, codes + 1, filter_shape).astype(np.int8), scales),
            bias(rng.integers(*b, out_channels, endpoint=True), scale=x[0] * np.asarray(scales)),
        ),
        (activation("y", (1, *size, out_channels), *y),),
        {
            "padding": padding,
            "stride_h": int(strides[0]),
            "stride_w": int(strides[1]),
            "dilation_h_factor": int(dilations[0]),
            "dilation_w_factor": int(dilations[1]),
            "fused_activation_function": act,
        },
        version=6,
        **more,
    )


pytestmark = pytest.mark.parity

CASES = (
    conv("one by one", (4, 5, 8), (6, 1, 1, 8)),
    conv("one by one, stride 2", (5, 5, 8), (6, 1, 1, 8), stride=2),
    conv("three by three same", (7, 6, 3), (5, 3, 3, 3)),
    conv("three by three valid", (7, 6, 3), (5, 3, 3, 3), padding="VALID"),
    conv("even kernel, odd image, stride 2", (9, 7, 4), (3, 4, 2, 4), stride=2),
    conv("stride 2 same, even image", (8, 8, 3), (8, 3, 3, 3), stride=2, act="RELU6", y=(0.02, -128)),
    conv("strides differ", (9, 10, 2), (4, 3, 5, 2), stride=(2, 3)),
    conv("dilated same", (9, 8, 3), (4, 3, 3, 3), dilation=2),
    conv("dilated valid", (9, 9, 3), (4, 3, 2, 3), dilation=(2, 3), padding="VALID"),
    conv("kernel as large as the image", (4, 4, 6), (5, 4, 4, 6), padding="VALID"),
    conv("kernel larger than the image", (2, 2, 3), (4, 5, 5, 3)),
    conv("groups", (5, 5, 8), (6, 3, 3, 4)),
    conv("a group a channel", (5, 5, 4), (8, 3, 3, 1), only=("litert", "xnnpack")),
    conv("one scale for all", (6, 6, 4), (8, 3, 3, 4), w=0.004),
    conv("relu", (6, 6, 4), (8, 3, 3, 4), act="RELU", y=(0.05, -128)),
    conv("relu, zero point inside", (6, 6, 4), (8, 3, 3, 4), act="RELU", y=(0.05, 17)),
    conv("relu6", (6, 6, 4), (8, 3, 3, 4), act="RELU6", y=(0.05, 4)),
    conv("relu n1 to 1", (6, 6, 4), (8, 3, 3, 4), act="RELU_N1_TO_1", only=("litert", "xnnpack")),
    conv("ties", (6, 6, 4), (8, 1, 1, 4), x=(0.5, 0), w=2.0 ** -np.arange(1, 9), y=(1.0, 0), b=(-64, 64), codes=3),
    conv("ties, relu", (6, 6, 4), (8, 1, 1, 4), x=(0.5, -7), w=2.0 ** -np.arange(1, 9), y=(1.0, -128), codes=3),
    conv("ties, deep", (6, 6, 4), (8, 3, 3, 4), x=(0.5, 9), w=2.0 ** -np.arange(5, 13), y=(1.0, -3)),
    conv("just under a power of two", (6, 6, 4), (4, 1, 1, 4), x=(1.0, 0), w=np.float32(2.0**-7 - 2.0**-31)),
    conv("multiplier above one", (5, 5, 2), (4, 1, 1, 2), x=(1.0, 0), w=[0.5, 1.0, 3.0, 17.0], y=(0.7, 0), codes=2),
    conv("multiplier tiny", (5, 5, 16), (3, 3, 3, 16), x=(0.01, 0), w=[1e-4, 1e-5, 1e-6], y=(1.0, 0)),
    conv("bias large", (5, 5, 4), (3, 3, 3, 4), b=(-(2**30), 2**30), w=[1e-7, 1e-8, 1e-9], y=(1.0, 0)),
    conv("bias wraps", (5, 5, 4), (4, 3, 3, 4), b=(2**31 - 1000, 2**31 - 1), w=2.0**-28, x=(1.0, 0), y=(1.0, 0)),
    conv("deep enough for float64", (3, 3, 160), (2, 3, 3, 160), codes=127, y=(10.0, 0)),
    conv("extreme zero points", (5, 5, 3), (4, 3, 3, 3), x=(0.05, -128), y=(0.1, 127)),
)  # fmt: skip


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_conv_2d(case, numerics):
    check(case, numerics)
