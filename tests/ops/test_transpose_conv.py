"""TRANSPOSE_CONV against the real runtimes: strides, paddings, sizes, missing bias, ties, types."""

from functools import partial

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check, constant
from tests.ops.macs import LITERT_ONLY, NARROW, TIES, check_refused, image, operands


def transposed(
    name,
    size,
    filter_shape,
    *,
    stride=1,
    padding="SAME",
    out=None,
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
    """A random TRANSPOSE_CONV. size: (H, W, C); filter_shape: (O, kh, kw, C); out: (H, W), the usual one by default.

    x, y: scale, zero point; w: scales; zero: zero point of the weights. b: None for no bias. computed: "w", "b": inputs
    of the model, not constants.
    """
    rng = np.random.default_rng(len(name) + sum(size))
    channels = filter_shape[0]
    scales = rng.uniform(0.001, 0.01, channels) if w is None else w
    strides = [int(s) for s in np.broadcast_to(stride, 2)]
    if out is None:
        pairs = zip(size, filter_shape[1:], strides, strict=False)
        out = [n * s if padding == "SAME" else (n - 1) * s + k for n, k, s in pairs]
    given = image("x", (1, *size), x, type)
    kernel, *rest = operands(
        rng,
        given,
        filter_shape,
        channels,
        scale=scales,
        axis=0,
        zero=zero,
        codes=codes,
        weight_type=weight_type,
        bias_range=b,
        bias_type=bias_type,
        computed=computed,
    )
    shape = (1, *out, channels)
    return Case(
        name,
        "TRANSPOSE_CONV",
        (constant("shape", shape), kernel, given, *rest),
        (image("y", shape, y, type),),
        {"padding": padding, "stride_h": strides[0], "stride_w": strides[1], "fused_activation_function": act}
        | (options or {}),
        version=5 if type == "INT16" else 3,
        **more,
    )


pytestmark = pytest.mark.parity

uint8 = partial(transposed, type="UINT8", weight_type="UINT8", w=0.004, x=(0.05, 131), y=(0.1, 120), only=LITERT_ONLY)
int16 = partial(transposed, type="INT16", x=(0.0002, 0), y=(0.0004, 0), bias_type="INT64", b=(-(2**22), 2**22))
real = partial(transposed, type="FLOAT32", weight_type="FLOAT32")
hybrid = partial(transposed, type="FLOAT32", only=LITERT_ONLY)
ties = {"x": (0.5, 0), "y": (1.0, 0), "b": (-64, 64), "codes": 3}

CASES = (
    transposed("plain", (4, 5, 3), (4, 3, 3, 3)),
    transposed("stride 2", (4, 5, 3), (4, 3, 3, 3), stride=2),
    transposed("stride 2, even window", (4, 5, 3), (4, 4, 4, 3), stride=2, act="RELU", y=(0.05, -128)),
    transposed("stride 2, other size", (4, 5, 3), (4, 3, 3, 3), stride=2, out=(7, 9)),
    transposed("stride as the window", (4, 5, 3), (4, 2, 2, 3), stride=2),
    transposed("stride beyond the window", (4, 5, 3), (4, 2, 2, 3), stride=3),
    transposed("strides differ", (4, 5, 3), (4, 3, 5, 3), stride=(2, 3)),
    transposed("valid", (4, 5, 3), (4, 2, 3, 3), padding="VALID"),
    transposed("valid, stride 2", (4, 5, 3), (4, 3, 3, 3), stride=2, padding="VALID", act="RELU6", y=(0.02, -128)),
    transposed("valid, stride 2, a row over", (4, 5, 3), (4, 3, 3, 3), stride=2, padding="VALID", out=(10, 12)),
    transposed("one scale", (4, 5, 3), (4, 3, 3, 3), stride=2, w=0.004),
    transposed("no bias", (4, 5, 3), (4, 3, 3, 3), stride=2, b=None),
    transposed("ties", (4, 5, 4), (8, 2, 2, 4), stride=2, w=TIES, **ties),
    transposed("extreme zero points", (4, 5, 3), (4, 3, 3, 3), stride=2, x=(0.05, -128), y=(0.1, 127)),
    transposed("bias wraps", (3, 3, 4), (4, 3, 3, 4), b=(2**31 - 1000, 2**31 - 1), w=2.0**-28, x=(1.0, 0), y=(1.0, 0)),
    transposed("deep", (3, 3, 90), (3, 4, 4, 90), stride=2, y=(3.0, 0)),
    transposed("computed weights", (4, 5, 4), (8, 2, 2, 4), stride=2, w=TIES / 16, computed="w", x=(0.5, 9)),
    transposed("computed bias", (4, 5, 4), (8, 2, 2, 4), stride=2, w=TIES, computed="b", **ties),
    transposed("computed bias, 13 channels", (4, 5, 4), (13, 2, 2, 4), w=2.0**-3, computed="b", **ties),
    transposed("weights with a zero point", (4, 5, 3), (4, 3, 3, 3), stride=2, w=0.004, zero=9, codes=90),
    transposed("weights with zero points", (4, 5, 4), (8, 2, 2, 4), stride=2, w=TIES, zero=9, **ties),
    uint8("uint8", (4, 5, 3), (4, 3, 3, 3), stride=2, zero=125, codes=90),
    uint8("uint8, weights' zero point 0, relu", (4, 5, 3), (4, 3, 3, 3), codes=255, act="RELU", y=(0.3, 9)),
    uint8("uint8 no bias", (4, 5, 3), (4, 3, 3, 3), stride=2, zero=255, codes=255, b=None, y=(0.5, 200)),
    uint8("uint8 ties", (4, 5, 4), (8, 2, 2, 4), stride=2, zero=128, **ties | {"w": 0.125, "x": (0.5, 128)}),
    uint8("uint8, computed weights", (4, 5, 4), (8, 2, 2, 4), zero=128, computed="w", **ties | {"w": 2.0**-7}),
    int16("int16", (4, 5, 3), (4, 3, 3, 3), stride=2),
    int16("int16 no bias, relu", (4, 5, 3), (4, 3, 3, 3), stride=2, b=None, act="RELU"),
    int16("int16 ties", (4, 5, 4), (8, 2, 2, 4), stride=2, w=TIES, **ties),
    int16("int16 narrow", (4, 5, 3), (4, 3, 3, 3), bias_type="INT32", options=NARROW, only=LITERT_ONLY),
    int16("int16 narrow, ties", (4, 5, 4), (8, 2, 2, 4), w=TIES, bias_type="INT32", options=NARROW, only=LITERT_ONLY,
          **ties),
    real("float", (4, 5, 3), (4, 3, 3, 3), stride=2),
    real("float valid, relu6", (4, 5, 3), (4, 2, 3, 3), padding="VALID", act="RELU6"),
    real("float, strides differ, no bias", (4, 5, 3), (4, 3, 5, 3), stride=(2, 3), b=None),
    real("float, stride beyond the window", (4, 5, 3), (4, 2, 2, 3), stride=3, only=("litert", "tflm")),
    real("float deep", (6, 6, 70), (33, 4, 4, 70), stride=2),
    hybrid("hybrid", (4, 5, 3), (4, 3, 3, 3), stride=2),
    hybrid("hybrid, one scale, relu", (4, 5, 3), (4, 3, 3, 3), w=0.01, act="RELU"),
    hybrid("hybrid valid, no bias", (4, 5, 3), (4, 2, 3, 3), padding="VALID", b=None),
    hybrid("hybrid, computed bias", (4, 5, 3), (4, 3, 3, 3), stride=2, computed="b"),
    hybrid("hybrid one by one", (4, 5, 3), (4, 1, 1, 3)),
)  # fmt: skip

REFUSED = (
    ("litert", transposed("size", (4, 5, 3), (4, 3, 3, 3), stride=2, out=(6, 9)), "stands for an input"),
    ("xnnpack", transposed("size", (4, 5, 3), (4, 3, 3, 3), stride=2, out=(6, 9)), "stands for an input"),
    ("litert", transposed("small", (4, 5, 3), (4, 3, 3, 3), padding="VALID", out=(2, 2)), "does not fit"),
    ("litert", int16("no option", (4, 5, 3), (4, 3, 3, 3), bias_type="INT32"), "quantized_bias_type"),
    ("tflm", int16("narrow", (4, 5, 3), (4, 3, 3, 3), bias_type="INT32", options=NARROW), "must be INT64"),
    ("tflm", uint8("uint8", (4, 5, 3), (4, 3, 3, 3)), "takes these types"),
    ("tflm", hybrid("hybrid", (4, 5, 3), (4, 3, 3, 3)), "takes these types"),
)


@pytest.mark.parametrize(("numerics", "case", "words"), REFUSED, ids=str)
def test_refusals_are_the_runtimes_own(numerics, case, words):
    check_refused(case, numerics, words)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_transpose_conv(case, numerics):
    check(case, numerics)
