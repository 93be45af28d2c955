"""DEPTHWISE_CONV_2D against the real runtimes: windows, depth multipliers, activations, ties."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, bias, check, weights


def depthwise(
    name,
    image,
    kernel,
    multiplier=1,
    *,
    stride=1,
    dilation=1,
    padding="SAME",
    act="NONE",
    x=(0.05, 3),
    y=(0.05, -5),
    w=None,
    b=(-3000, 3000),
    codes=127,
    **more,
):
    """A random DEPTHWISE_CONV_2D. image: (H, W, C); kernel: (kh, kw); x, y: (scale, zero point); w: scales."""
    rng = np.random.default_rng(len(name) + sum(image))
    channels = image[2] * multiplier
    scales = rng.uniform(0.001, 0.01, channels) if w is None else w
    size = []
    for n, k in zip(image, kernel, strict=False):
        size.append(-(-n // stride) if padding == "SAME" else (n - (k - 1) * dilation - 1) // stride + 1)
    return Case(
        name,
        "DEPTHWISE_CONV_2D",
        (
            activation("x", (1, *image), *x),
            weights(rng.integers(-codes, codes + 1, (1, *kernel, channels)).astype(np.int8), scales, axis=3),
            bias(rng.integers(*b, channels, endpoint=True), scale=x[0] * np.asarray(scales)),
        ),
        (activation("y", (1, *size, channels), *y),),
        {
            "padding": padding,
            "stride_h": stride,
            "stride_w": stride,
            "dilation_h_factor": dilation,
            "dilation_w_factor": dilation,
            "depth_multiplier": multiplier,
            "fused_activation_function": act,
        },
        version=6,
        **more,
    )


pytestmark = pytest.mark.parity

CASES = (
    depthwise("three by three same", (7, 6, 8), (3, 3)),
    depthwise("three by three valid", (7, 6, 8), (3, 3), padding="VALID"),
    depthwise("one channel", (7, 6, 1), (3, 3)),
    depthwise("one by one", (4, 5, 6), (1, 1)),
    depthwise("stride 2, even image", (8, 8, 5), (3, 3), stride=2),
    depthwise("stride 2, odd image", (9, 7, 5), (3, 3), stride=2),
    depthwise("stride 3, five by two", (9, 7, 5), (5, 2), stride=3),
    depthwise("even kernel, stride 2", (10, 7, 4), (4, 2), stride=2, padding="VALID"),
    depthwise("dilated", (9, 9, 4), (3, 3), dilation=2),
    depthwise("depth multiplier 2", (6, 6, 4), (3, 3), 2),
    depthwise("depth multiplier 8 of one channel", (9, 7, 1), (5, 4), 8, stride=2, act="RELU", y=(0.05, -128)),
    depthwise("kernel as large as the image", (5, 4, 6), (5, 4), padding="VALID"),
    depthwise("kernel larger than the image", (2, 3, 6), (5, 5)),
    depthwise("one row", (1, 9, 6), (1, 3)),
    depthwise("one column, stride 2", (9, 1, 6), (3, 1), stride=2),
    depthwise("relu", (6, 6, 5), (3, 3), act="RELU", y=(0.02, -128)),
    depthwise("relu6", (6, 6, 5), (3, 3), act="RELU6", y=(0.02, -128)),
    depthwise("relu6, zero point inside", (6, 6, 5), (3, 3), act="RELU6", y=(0.05, 4)),
    depthwise("one scale for all", (6, 6, 5), (3, 3), w=0.004),
    depthwise("ties", (6, 6, 8), (1, 1), x=(0.5, 0), w=2.0 ** -np.arange(1, 9), y=(1.0, 0), b=(-64, 64), codes=3),
    depthwise("ties, relu", (6, 6, 8), (2, 2), x=(0.5, -9), w=2.0 ** -np.arange(1, 9), y=(1.0, -128), act="RELU"),
    depthwise("multiplier above one", (6, 6, 4), (1, 1), x=(1.0, 0), w=[0.5, 1.0, 3.0, 17.0], y=(0.7, 0), codes=2),
    depthwise("bias large", (5, 5, 3), (3, 3), b=(-(2**30), 2**30), w=[1e-7, 1e-8, 1e-9], y=(1.0, 0)),
    depthwise("bias wraps", (5, 5, 4), (3, 3), b=(2**31 - 1000, 2**31 - 1), w=2.0**-28, x=(1.0, 0), y=(1.0, 0)),
    depthwise("extreme zero points", (5, 5, 3), (3, 3), x=(0.05, -128), y=(0.1, 127)),
    depthwise("many taps", (24, 24, 2), (23, 23), x=(0.05, 127), y=(8.0, 0)),
)  # fmt: skip


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_depthwise_conv_2d(case, numerics):
    check(case, numerics)
