"""FULLY_CONNECTED against the real runtimes: shapes, per channel, missing bias, zero points of weights, ties, types."""

from functools import partial

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, check
from tests.ops.macs import LITERT_ONLY, NARROW, TIES, check_refused, image, operands

TFLITE_KERNELS = ("litert", "tflm")


def dense(
    name,
    shape,
    units,
    *,
    keep=False,
    act="NONE",
    x=(0.05, 3),
    y=(0.1, -5),
    w=0.004,
    zero=0,
    b=(-3000, 3000),
    codes=127,
    type="INT8",
    weight_type="INT8",
    computed="",
    bias_type="INT32",
    options=None,
    **more,
):
    """A random FULLY_CONNECTED over the last axis. w: scales; zero: zero point of the weights; b: None for no bias.

    computed: "w", "b": inputs of the model, not constants.
    """
    rng = np.random.default_rng(len(name) + sum(shape))
    rows = int(np.prod(shape[:-1]))
    given = image("x", shape, x, type)
    found = operands(
        rng,
        given,
        (units, shape[-1]),
        units,
        scale=w,
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
        "FULLY_CONNECTED",
        (given, *found),
        (image("y", (*shape[:-1], units) if keep else (rows, units), y, type),),
        {
            "fused_activation_function": act,
            "weights_format": "DEFAULT",
            "keep_num_dims": keep,
            "asymmetric_quantize_inputs": False,
        }
        | (options or {}),
        version=11 if b is not None or type == "INT16" else 6,
        **more,
    )


pytestmark = pytest.mark.parity

PER_CHANNEL = np.linspace(0.001, 0.01, 7)

CASES = (
    dense("plain", (1, 10), 7),
    dense("per channel", (1, 10), 7, w=PER_CHANNEL),
    dense("one unit", (1, 33), 1),
    dense("wide", (1, 300), 65, y=(0.5, 3)),
    dense("rows", (1, 4, 10), 7),
    dense("rows kept", (1, 4, 10), 7, keep=True),
    dense("image, kept", (1, 2, 3, 10), 7, keep=True, w=PER_CHANNEL),
    dense("no bias", (1, 10), 7, b=None),
    dense("no bias, per channel", (1, 10), 7, b=None, w=PER_CHANNEL),
    dense("relu", (1, 10), 7, act="RELU", y=(0.1, -128)),
    dense("relu6", (1, 10), 7, act="RELU6", y=(0.05, -20)),
    dense("relu n1 to 1", (1, 10), 7, act="RELU_N1_TO_1", only=("litert", "xnnpack")),
    dense("weights with a zero point", (1, 10), 7, zero=11, only=TFLITE_KERNELS),
    dense("ties", (1, 4), 8, x=(0.5, 0), w=2.0 ** -np.arange(1, 9), y=(1.0, 0), b=(-64, 64), codes=3, samples=40),
    dense("ties, one scale", (1, 6), 8, x=(0.5, -3), w=2.0**-5, y=(1.0, 0), b=(-64, 64), codes=9, samples=40),
    dense("ties, deep", (1, 40), 8, x=(0.5, -3), w=2.0**-9, y=(1.0, 0), samples=40),
    dense("multiplier above one", (1, 3), 4, x=(1.0, 0), w=[0.5, 1.0, 3.0, 17.0], y=(0.7, 0), codes=2),
    dense("multiplier tiny", (1, 300), 5, x=(0.01, 0), w=1e-6, y=(1.0, 0)),
    dense("bias large", (1, 10), 3, b=(-(2**30), 2**30), w=[1e-7, 1e-8, 1e-9], y=(1.0, 0)),
    dense("bias wraps", (1, 10), 4, b=(2**31 - 1000, 2**31 - 1), w=2.0**-28, x=(1.0, 0), y=(1.0, 0)),
    dense("deep enough for float64", (1, 1500), 3, x=(0.05, 127), y=(10.0, 0)),
)  # fmt: skip

uint8 = partial(dense, type="UINT8", weight_type="UINT8", x=(0.05, 131), y=(0.1, 120), only=LITERT_ONLY)
int16 = partial(dense, type="INT16", x=(0.0002, 0), y=(0.0004, 0), bias_type="INT64", b=(-(2**20), 2**20))
real = partial(dense, type="FLOAT32", weight_type="FLOAT32")
hybrid = partial(dense, type="FLOAT32", only=LITERT_ONLY)
shifted = partial(hybrid, options={"asymmetric_quantize_inputs": True})
narrow = partial(int16, bias_type="INT32", options=NARROW)
ties = {"x": (0.5, 0), "y": (1.0, 0), "b": (-64, 64), "codes": 3, "samples": 40}

CASES += (
    uint8("uint8", (1, 10), 7, zero=125, codes=90),
    uint8("uint8, no bias", (1, 10), 7, zero=125, codes=90, b=None),
    uint8("uint8 rows, relu", (1, 4, 10), 7, zero=0, codes=255, act="RELU", y=(0.5, 3)),
    uint8("uint8 ties", (1, 6), 8, zero=128, w=2.0**-5, **ties | {"x": (0.5, 128), "y": (1.0, 9)}),
    uint8("uint8 deep", (1, 900), 3, zero=100, codes=155, y=(9.0, 120)),
    uint8("uint8, computed weights", (1, 6), 8, zero=128, w=2.0**-5, computed="w", **ties),
    uint8("uint8, computed bias", (1, 6), 8, zero=128, w=2.0**-5, computed="b", **ties),
    int16("int16", (1, 40), 7, w=0.004),
    int16("int16 per channel, relu", (1, 40), 7, w=PER_CHANNEL, act="RELU"),
    int16("int16 no bias", (1, 40), 7, w=PER_CHANNEL, b=None),
    int16("int16 no bias, ties", (1, 6), 8, w=2.0**-5, **ties | {"b": None}),
    int16("int16 no bias, wraps", (1, 4000), 2, w=1e-5, b=None, x=(1.0, 0), y=(1.0, 0)),
    int16("int16 ties", (1, 4), 8, w=TIES, **ties),
    int16("int16 ties, one scale", (1, 6), 8, w=2.0**-5, **ties),
    int16("int16, 64 bits by option", (1, 40), 7, options={"quantized_bias_type": "INT64"}),
    int16("int16 bias of 40 bits", (1, 10), 3, w=[1e-6, 1e-7, 1e-8], b=(-(2**40), 2**40), x=(1.0, 0)),
    int16("int16 narrow bias, no option", (1, 4), 8, w=TIES, bias_type="INT32", only=("xnnpack", "tflm"), **ties),
    int16("int16 weights with a zero point", (1, 40), 7, zero=11, codes=100),
    narrow("int16 narrow", (1, 40), 7),
    narrow("int16 narrow, per channel", (1, 40), 7, w=PER_CHANNEL),
    narrow("int16 narrow, ties", (1, 4), 8, w=TIES, **ties),
    narrow("int16 narrow, wraps", (1, 4000), 2, w=1e-5, x=(1.0, 0), y=(1.0, 0)),
    narrow("int16 weights", (1, 40), 7, weight_type="INT16", codes=32767, w=1e-5, only=LITERT_ONLY, options={}),
    narrow("int16 weights, ties", (1, 4), 8, weight_type="INT16", w=TIES, only=LITERT_ONLY, **ties),
    int16("int16 weights, wide", (1, 40), 7, weight_type="INT16", codes=3000, w=PER_CHANNEL / 99, only=LITERT_ONLY,
          options={"quantized_bias_type": "INT64"}),
    int16("int16 weights, no bias", (1, 40), 7, weight_type="INT16", codes=3000, w=1e-5, only=LITERT_ONLY, b=None),
    dense("int4", (1, 10), 7, weight_type="INT4", codes=7, only=LITERT_ONLY, w=PER_CHANNEL),
    dense("int4, one scale", (1, 10), 7, weight_type="INT4", codes=7),
    dense("int4, odd depth", (1, 11), 7, weight_type="INT4", codes=7, only=LITERT_ONLY, w=PER_CHANNEL),
    dense("int4 ties", (1, 4), 8, weight_type="INT4", w=TIES, only=LITERT_ONLY, **ties),
    dense("int2 ties", (1, 4), 8, weight_type="INT2", w=TIES, only=LITERT_ONLY, **ties | {"codes": 1}),
    dense("int2, odd depth", (1, 7), 5, weight_type="INT2", codes=1, only=LITERT_ONLY, w=2.0**-5, x=(0.5, 3)),
    dense("weights with a zero point, ties", (1, 6), 8, w=2.0**-5, zero=5, **ties),
    dense("computed weights", (1, 4), 8, w=TIES, computed="w", **ties),
    dense("computed weights, one scale", (1, 4), 8, w=2.0**-5, computed="w", **ties),
    dense("computed weights, many", (2, 3, 4), 8, w=2.0**-5, computed="wb", **ties),
    dense("computed bias", (1, 4), 8, w=TIES, computed="b", **ties),
    real("float", (1, 10), 7),
    real("float wide, relu", (1, 300), 65, act="RELU"),
    real("float rows kept, relu6", (1, 4, 10), 7, keep=True, act="RELU6"),
    real("float rows", (6, 1000), 33),
    real("float, no bias", (1, 10), 7, b=None),
    real("float, computed weights", (1, 10), 7, computed="w", only=("litert", "tflm")),
    hybrid("hybrid", (1, 10), 7),
    hybrid("hybrid per channel, relu", (3, 33), 7, w=PER_CHANNEL, act="RELU"),
    hybrid("hybrid rows kept, relu6", (1, 4, 10), 7, keep=True, act="RELU6"),
    hybrid("hybrid no bias", (8, 70), 7, w=PER_CHANNEL, b=None),
    hybrid("hybrid deep", (2, 1500), 7, w=PER_CHANNEL),
    shifted("hybrid with a zero point", (1, 10), 7),
    shifted("hybrid with a zero point, per channel", (5, 33), 7, w=PER_CHANNEL),
    shifted("hybrid with a zero point, no bias", (4, 64), 7, b=None),
    hybrid("hybrid, computed bias", (5, 33), 7, w=PER_CHANNEL, computed="b"),
    shifted("hybrid with a zero point, computed bias", (5, 33), 7, computed="b"),
    dense("an activation that is ignored", (1, 10), 7, act="TANH", only=("tflm",)),
    hybrid("hybrid, weights with a zero point", (5, 33), 7, zero=5, codes=90, only=("litert",)),
    hybrid("hybrid int4", (1, 10), 7, weight_type="INT4", codes=7, w=PER_CHANNEL),
    hybrid("hybrid int4, one scale", (3, 40), 70, weight_type="INT4", codes=7),
    hybrid("hybrid int4, odd depth", (3, 41), 7, weight_type="INT4", codes=7),
    hybrid("hybrid int2", (3, 40), 7, weight_type="INT2", codes=1, w=PER_CHANNEL),
    hybrid("hybrid int2, one scale", (3, 40), 7, weight_type="INT2", codes=1),
)  # fmt: skip

REFUSED = (
    ("litert", int16("no option", (1, 4), 8, bias_type="INT32"), "quantized_bias_type"),
    ("litert", int16("zero point", (1, 4), 8, x=(0.1, 1)), "zero points of 0"),
    ("xnnpack", dense("zero points", (1, 4), 8, w=TIES, zero=5, codes=9), "zero point 0"),
    ("xnnpack", dense("scale", (1, 4), 8, w=100.0, x=(1.0, 0), y=(0.1, 0)), "below 256"),
    ("litert", dense("rows", (1, 3, 4), 8, options={"weights_format": "SHUFFLED4x16INT8"}), "shuffled"),
    ("tflm", uint8("uint8", (1, 4), 8), "takes these types"),
    ("tflm", hybrid("hybrid", (1, 4), 8), "takes these types"),
    ("xnnpack", hybrid("hybrid, zero point", (1, 4), 8, zero=5, codes=90), "zero point 0"),
    ("litert", dense("int4, zero point", (1, 4), 8, weight_type="INT4", zero=1, codes=5), "zero point 0"),
    ("litert", dense("tanh", (1, 4), 8, act="TANH"), "activation"),
    ("xnnpack", hybrid("hybrid tanh", (1, 4), 8, act="TANH"), "activation"),
    ("tflm", dense("int4", (1, 4), 8, weight_type="INT4", w=TIES, codes=7), "one scale"),
)


@pytest.mark.parametrize(("numerics", "case", "words"), REFUSED, ids=str)
def test_refusals_are_the_runtimes_own(numerics, case, words):
    check_refused(case, numerics, words)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fully_connected(case, numerics):
    check(case, numerics)
