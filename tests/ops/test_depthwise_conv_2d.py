"""DEPTHWISE_CONV_2D against the real runtimes: windows, depth multipliers, activations, ties, types."""

from functools import partial

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.macs import LITERT_ONLY, TIES, check_refused, image, operands


def depthwise(
    name,
    size,
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
    type="INT8",
    weight_type="INT8",
    zero=0,
    axis=3,
    computed="",
    bias_type="INT32",
    options=None,
    version=6,
    **more,
):
    """A random DEPTHWISE_CONV_2D. size: (H, W, C); kernel: (kh, kw); x, y: (scale, zero point); w: scales.

    zero: zero point of the weights. b: None for no bias. computed: "w", "b": inputs of the model, not constants.
    """
    rng = np.random.default_rng(len(name) + sum(size))
    channels = size[2] * multiplier
    scales = rng.uniform(0.001, 0.01, channels) if w is None else w
    out = []
    for n, k in zip(size, kernel, strict=False):
        out.append(-(-n // stride) if padding == "SAME" else (n - (k - 1) * dilation - 1) // stride + 1)
    given = image("x", (1, *size), x, type)
    found = operands(
        rng,
        given,
        (1, *kernel, channels),
        channels,
        scale=scales,
        axis=axis,
        zero=zero,
        codes=codes,
        weight_type=weight_type,
        bias_range=b,
        bias_type=bias_type,
        computed=computed,
    )
    return Case(
        name,
        "DEPTHWISE_CONV_2D",
        (given, *found),
        (image("y", (1, *out, channels), y, type),),
        {
            "padding": padding,
            "stride_h": stride,
            "stride_w": stride,
            "dilation_h_factor": dilation,
            "dilation_w_factor": dilation,
            "depth_multiplier": multiplier,
            "fused_activation_function": act,
        }
        | (options or {}),
        version=version,
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

uint8 = partial(depthwise, type="UINT8", weight_type="UINT8", axis=0, w=0.004, x=(0.05, 131), y=(0.1, 120),
                only=LITERT_ONLY)  # fmt: skip
real = partial(depthwise, type="FLOAT32", weight_type="FLOAT32")
hybrid = partial(depthwise, type="FLOAT32", only=LITERT_ONLY)
int16 = partial(depthwise, type="INT16", x=(0.0002, 0), y=(0.0004, 0), bias_type="INT64", b=(-(2**20), 2**20))
ties = {"x": (0.5, 0), "y": (1.0, 0), "b": (-64, 64), "codes": 3}
MANY = np.tile(TIES, 3)[:20]

CASES += (
    uint8("uint8", (7, 6, 5), (3, 3), zero=125, codes=90),
    uint8("uint8 relu6, multiplier 2", (7, 6, 5), (3, 3), 2, zero=125, codes=90, act="RELU6", y=(0.02352941, 0)),
    uint8("uint8 dilated, weights' zero point 0", (9, 9, 3), (3, 2), dilation=2, zero=0, codes=255),
    uint8("uint8 ties", (6, 6, 8), (1, 1), zero=128, w=0.125, **ties | {"x": (0.5, 128), "y": (1.0, 3)}),
    uint8("uint8 many taps", (24, 24, 2), (23, 23), zero=99, x=(0.05, 127), y=(8.0, 0)),
    uint8("uint8, axis 3", (6, 6, 20), (1, 1), zero=128, w=0.125, axis=3, **ties),
    uint8("uint8, computed weights", (6, 6, 20), (3, 3), zero=128, w=0.125, computed="w", x=(0.5, 128), y=(1.0, 3)),
    uint8("uint8, no bias", (7, 6, 5), (3, 3), zero=125, codes=90, b=None, only=("litert",)),
    int16("int16", (7, 6, 8), (3, 3)),
    int16("int16 stride 2, multiplier 2, relu", (7, 6, 3), (3, 3), 2, stride=2, act="RELU"),
    int16("int16 ties", (6, 6, 8), (1, 1), w=TIES, **ties),
    int16("int16 no bias", (7, 6, 8), (3, 3), b=None),
    int16("int16 weights with a zero point", (7, 6, 8), (3, 3), zero=5, codes=90, w=0.004),
    depthwise("no bias", (7, 6, 8), (3, 3), b=None, only=("litert", "tflm")),
    depthwise("no bias, one scale", (7, 6, 8), (3, 3), b=None, w=0.01, only=("litert", "tflm")),
    depthwise("int4", (7, 6, 8), (3, 3), weight_type="INT4", codes=7),
    depthwise("int4 ties", (6, 6, 20), (2, 2), weight_type="INT4", w=MANY, **ties),
    depthwise("computed weights", (6, 6, 20), (3, 3), computed="w", w=MANY / 16, x=(0.5, 9), y=(1.0, -3)),
    depthwise("computed weights, one scale", (6, 6, 20), (1, 1), computed="w", w=2.0**-5, x=(0.5, 9), y=(1.0, -3)),
    depthwise("computed bias, multiplier 5", (6, 6, 4), (3, 3), 5, computed="b", w=MANY / 16, x=(0.5, 9), y=(1.0, -3)),
    depthwise("computed bias, few channels", (6, 6, 3), (3, 3), computed="b", w=0.125, x=(0.5, 9), y=(1.0, -3)),
    depthwise("weights with a zero point", (7, 6, 8), (3, 3), zero=5, codes=90, w=0.004, only=("litert", "tflm")),
    depthwise("weights with zero points", (7, 6, 20), (3, 3), zero=5, codes=90, w=MANY / 16),
    depthwise("any option", (7, 6, 4), (3, 3), 2, options={"depth_multiplier": 7}, only=("litert",)),
    real("float", (7, 6, 5), (3, 3)),
    real("float stride 2, relu6", (9, 7, 20), (3, 3), stride=2, act="RELU6"),
    real("float dilated, valid", (9, 9, 4), (3, 2), dilation=2, padding="VALID"),
    real("float five by five", (8, 8, 16), (5, 5)),
    real("float seven by seven", (9, 9, 4), (7, 7)),
    real("float one by one", (4, 5, 6), (1, 1)),
    real("float, multiplier 2", (6, 6, 4), (3, 3), 2),
    real("float, multiplier 8 of one channel", (9, 7, 1), (5, 4), 8, stride=2, act="RELU"),
    real("float, no bias", (7, 6, 5), (3, 3), b=None, only=("litert", "tflm")),
    hybrid("hybrid", (7, 6, 5), (3, 3)),
    hybrid("hybrid stride 2, relu6", (9, 7, 20), (3, 3), stride=2, act="RELU6"),
    hybrid("hybrid, multiplier 3", (6, 6, 4), (3, 3), 3),
    hybrid("hybrid, computed bias", (7, 6, 7), (3, 3), computed="b"),
    hybrid("hybrid, no bias", (6, 6, 4), (3, 3), b=None, only=("litert",)),
)  # fmt: skip

REFUSED = (
    ("xnnpack", depthwise("no bias", (5, 5, 2), (2, 2), b=None), "needs a bias"),
    ("xnnpack", depthwise("zero point", (5, 5, 2), (2, 2), w=0.01, zero=1, codes=9), "zero point 0"),
    ("xnnpack", depthwise("option", (5, 5, 2), (2, 2), 2, options={"depth_multiplier": 1}), "depth_multiplier"),
    ("tflm", depthwise("option", (5, 5, 2), (2, 2), 2, options={"depth_multiplier": 1}), "depth_multiplier"),
    ("litert", int16("option", (5, 5, 2), (2, 2), 2, options={"depth_multiplier": 1}), "depth_multiplier"),
    ("litert", int16("narrow", (5, 5, 2), (2, 2), bias_type="INT32"), "must be INT64"),
    ("tflm", int16("narrow", (5, 5, 2), (2, 2), bias_type="INT32"), "must be INT64"),
    ("tflm", uint8("uint8", (5, 5, 2), (2, 2)), "takes these types"),
    ("litert", uint8("scales", (5, 5, 2), (2, 2), w=[0.1, 0.2], axis=3, codes=3), "one scale"),
)


@pytest.mark.parametrize(("numerics", "case", "words"), REFUSED, ids=str)
def test_refusals_are_the_runtimes_own(numerics, case, words):
    check_refused(case, numerics, words)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_depthwise_conv_2d(case, numerics):
    check(case, numerics)
