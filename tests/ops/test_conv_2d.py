"""CONV_2D against the real runtimes: windows, groups, activations, ties, the wrap of 32 bits, every type."""

from functools import partial

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.macs import LITERT_ONLY, NARROW, TIES, check_refused, image, operands


def conv(
    name,
    size,
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
    type="INT8",
    weight_type="INT8",
    zero=0,
    computed="",
    bias_type="INT32",
    options=None,
    **more,
):
    """A random CONV_2D. size: [H, W, C]; filter_shape: [O, kh, kw, C / groups]; x, y: scale, zero point; w: scales.

    zero: zero point of the weights. b: None for no bias. computed: "w", "b": inputs of the model, not constants.
    """
    rng = np.random.default_rng(len(name) + sum(size))
    out_channels, kh, kw, _ = filter_shape
    scales = rng.uniform(0.001, 0.01, out_channels) if w is None else w
    strides, dilations = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    out = []
    for n, k, s, d in zip(size, (kh, kw), strides, dilations, strict=False):
        out.append(-(-n // s) if padding == "SAME" else (n - (k - 1) * d - 1) // s + 1)
    given = image("x", (1, *size), x, type)
    found = operands(
        rng,
        given,
        filter_shape,
        out_channels,
        scale=scales,
        axis=0,
        zero=zero,
        codes=codes,
        weight_type=weight_type,
        bias_range=b,
        bias_type=bias_type,
        computed=computed,
    )
    return Case(
        name,
        "CONV_2D",
        (given, *found),
        (image("y", (1, *out, out_channels), y, type),),
        {
            "padding": padding,
            "stride_h": int(strides[0]),
            "stride_w": int(strides[1]),
            "dilation_h_factor": int(dilations[0]),
            "dilation_w_factor": int(dilations[1]),
            "fused_activation_function": act,
        }
        | (options or {}),
        version=8,
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

uint8 = partial(conv, type="UINT8", weight_type="UINT8", w=0.004, x=(0.05, 131), y=(0.1, 120), only=LITERT_ONLY)
real = partial(conv, type="FLOAT32", weight_type="FLOAT32")
hybrid = partial(conv, type="FLOAT32", only=LITERT_ONLY)
int16 = partial(conv, type="INT16", x=(0.0002, 0), y=(0.0004, 0), bias_type="INT64", b=(-(2**22), 2**22))

CASES += (
    uint8("uint8", (7, 6, 5), (6, 3, 3, 5), zero=125, codes=90),
    uint8("uint8, weights' zero point 0", (7, 6, 5), (6, 3, 3, 5), zero=0, codes=255, y=(0.3, 7)),
    uint8("uint8, weights' zero point 255", (5, 6, 3), (6, 2, 3, 3), zero=255, codes=255, y=(0.3, 250), act="RELU"),
    uint8("uint8 relu6", (7, 6, 3), (6, 3, 3, 3), zero=120, act="RELU6", y=(0.02352941, 0)),
    uint8("uint8 groups", (5, 5, 8), (6, 3, 3, 4), zero=130, codes=90),
    uint8("uint8 ties", (6, 6, 4), (8, 1, 1, 4), zero=128, w=0.125, x=(0.5, 128), y=(1.0, 3), b=(-64, 64), codes=3),
    uint8("uint8 deep", (3, 3, 200), (3, 3, 3, 200), zero=100, codes=155, y=(9.0, 120)),
    uint8("uint8, computed bias", (6, 6, 4), (8, 1, 1, 4), zero=128, w=0.125, x=(0.5, 128), y=(1.0, 3), computed="b"),
    uint8("uint8, computed weights, groups", (5, 5, 8), (6, 3, 3, 4), zero=130, w=2.0**-6, x=(1.0, 99), computed="w"),
    int16("int16", (7, 6, 5), (6, 3, 3, 5)),
    int16("int16 groups, relu", (7, 6, 4), (6, 3, 2, 2), act="RELU"),
    int16("int16 relu6", (7, 6, 4), (6, 3, 2, 4), act="RELU6"),
    int16("int16 valid, stride 2", (9, 8, 3), (4, 3, 3, 3), padding="VALID", stride=2, y=(0.01, 0)),
    int16("int16 ties", (6, 6, 4), (8, 1, 1, 4), x=(0.5, 0), w=TIES, y=(1.0, 0), b=(-64, 64), codes=3),
    int16("int16 multiplier above one", (5, 5, 2), (4, 1, 1, 2), w=[1.0, 7.0, 300.0, 9000.0], codes=2, b=(-9, 9)),
    int16("int16 bias of 40 bits", (5, 5, 2), (3, 2, 2, 2), w=[1e-6, 1e-7, 1e-8], b=(-(2**40), 2**40), x=(1.0, 0)),
    int16("int16, 64 bits by option", (5, 5, 2), (3, 2, 2, 2), options={"quantized_bias_type": "INT64"}),
    int16("int16 narrow", (7, 6, 5), (6, 3, 3, 5), bias_type="INT32", options=NARROW),
    int16("int16 narrow, groups", (7, 6, 4), (6, 3, 3, 2), bias_type="INT32", options=NARROW, w=2.0**-9),
    int16("int16 narrow, ties", (6, 6, 4), (8, 1, 1, 4), x=(0.5, 0), w=TIES, y=(1.0, 0), b=(-64, 64), codes=3,
          bias_type="INT32", options=NARROW),
    int16("int16 narrow, wraps", (4, 4, 300), (3, 3, 3, 300), bias_type="INT32", options=NARROW, w=1e-5, x=(1.0, 0)),
    int16("int16 without bias", (7, 6, 5), (6, 3, 3, 5), b=None, only=("tflm",)),
    conv("no bias", (7, 6, 5), (6, 3, 3, 5), b=None, only=("tflm",)),
    conv("int4", (7, 6, 5), (6, 3, 3, 5), weight_type="INT4", codes=7),
    conv("int4 ties", (6, 6, 4), (8, 1, 1, 4), weight_type="INT4", x=(0.5, 0), w=TIES, y=(1.0, 0), codes=3),
    conv("computed weights", (6, 6, 4), (8, 3, 3, 4), computed="w", x=(0.5, 9), w=TIES / 16, y=(1.0, -3)),
    conv("computed weights, one scale", (6, 6, 4), (8, 3, 3, 4), computed="w", x=(0.5, 9), w=2.0**-6, y=(1.0, -3)),
    conv("computed bias, groups", (6, 6, 4), (8, 3, 3, 2), computed="b", x=(0.5, 9), w=TIES / 16, y=(1.0, -3)),
    conv("weights with a zero point", (6, 6, 4), (8, 3, 3, 4), zero=5, codes=90, w=0.004, only=("tflm",)),
    real("float", (7, 6, 5), (6, 3, 3, 5)),
    real("float valid, strides differ, relu6", (9, 10, 2), (4, 3, 5, 2), padding="VALID", stride=(2, 3), act="RELU6"),
    real("float one by one, relu", (5, 6, 9), (40, 1, 1, 9), act="RELU"),
    real("float dilated, relu n1 to 1", (9, 8, 3), (4, 3, 3, 3), dilation=2, act="RELU_N1_TO_1", only=LITERT_ONLY),
    real("float groups", (5, 5, 8), (6, 3, 3, 4)),
    real("float, a group a channel", (5, 5, 4), (4, 3, 3, 1), only=LITERT_ONLY),
    real("float, two outputs a channel", (5, 5, 4), (8, 3, 3, 1), only=LITERT_ONLY),
    real("float wide image", (40, 60, 3), (8, 3, 3, 3), stride=2),
    real("float, no bias", (7, 6, 5), (6, 3, 3, 5), b=None, only=("tflm",)),
    real("float, computed weights", (7, 6, 5), (6, 3, 3, 5), computed="w", only=("litert", "tflm")),
    hybrid("hybrid", (7, 6, 5), (6, 3, 3, 5)),
    hybrid("hybrid, one scale", (7, 6, 5), (6, 3, 3, 5), w=0.01, act="RELU6"),
    hybrid("hybrid, equal scales", (7, 6, 5), (6, 3, 3, 5), w=np.full(6, 0.01)),
    hybrid("hybrid one by one", (5, 5, 7), (9, 1, 1, 7), act="RELU"),
    hybrid("hybrid one by one, stride 2", (5, 5, 7), (9, 1, 1, 7), stride=2, act="RELU"),
    hybrid("hybrid one by one, dilated", (5, 5, 7), (9, 1, 1, 7), dilation=2, act="RELU"),
    hybrid("hybrid one by one, valid, groups", (5, 5, 8), (6, 1, 1, 4), padding="VALID"),
    hybrid("hybrid, one row", (1, 9, 4), (3, 1, 3, 4)),
    hybrid("hybrid, the whole image", (3, 3, 4), (5, 3, 3, 4), padding="VALID"),
    hybrid("hybrid, computed bias", (7, 6, 5), (6, 3, 3, 5), computed="b"),
    hybrid("hybrid, computed bias, one scale", (7, 6, 5), (6, 3, 3, 5), computed="b", w=0.01),
    hybrid("hybrid, computed bias, groups", (5, 5, 8), (6, 3, 3, 4), computed="b"),
    hybrid("hybrid, weights with a zero point", (7, 6, 5), (6, 3, 3, 5), w=0.01, zero=5, codes=90),
    hybrid("hybrid, weights with zero points", (7, 6, 5), (6, 3, 3, 5), zero=5, codes=90),
    hybrid("hybrid groups", (5, 5, 8), (6, 3, 3, 4)),
    hybrid("hybrid dilated, valid", (9, 8, 3), (4, 3, 3, 3), dilation=2, padding="VALID"),
    hybrid("hybrid deep", (3, 3, 200), (3, 3, 3, 200), stride=2),
    hybrid("hybrid int4", (7, 6, 5), (6, 3, 3, 5), weight_type="INT4", codes=7),
    hybrid("hybrid int4, one scale", (7, 6, 5), (6, 3, 3, 5), weight_type="INT4", codes=7, w=0.1),
)  # fmt: skip

REFUSED = (
    ("litert", conv("no bias", (5, 5, 2), (3, 2, 2, 2), b=None), "needs a bias"),
    ("xnnpack", conv("no bias", (5, 5, 2), (3, 2, 2, 2), b=None), "needs a bias"),
    ("litert", int16("no option", (5, 5, 2), (3, 2, 2, 2), bias_type="INT32"), "quantized_bias_type"),
    ("xnnpack", int16("no option", (5, 5, 2), (3, 2, 2, 2), bias_type="INT32"), "quantized_bias_type"),
    ("litert", int16("zero point", (5, 5, 2), (3, 2, 2, 2), x=(0.1, 1)), "zero points of 0"),
    ("tflm", uint8("uint8", (5, 5, 2), (3, 2, 2, 2)), "takes these types"),
    ("litert", conv("zero point", (5, 5, 2), (3, 2, 2, 2), w=0.01, zero=1, codes=9), "zero point 0"),
    ("xnnpack", conv("zero point", (5, 5, 2), (3, 2, 2, 2), w=0.01, zero=1, codes=9), "zero point 0"),
    ("xnnpack", conv("scale", (5, 5, 2), (3, 2, 2, 2), w=100.0, x=(1.0, 0), y=(0.1, 0)), "below 256"),
    ("litert", uint8("scales", (5, 5, 2), (4, 2, 2, 2), w=[0.1, 0.2, 0.3, 0.4], zero=0, codes=3), "one scale"),
)


@pytest.mark.parametrize(("numerics", "case", "words"), REFUSED, ids=str)
def test_refusals_are_the_runtimes_own(numerics, case, words):
    check_refused(case, numerics, words)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_conv_2d(case, numerics):
    check(case, numerics)
