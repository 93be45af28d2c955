"""CONV_3D and CONV_3D_TRANSPOSE, float32: equal to LiteRT's reference to the bit, close to its optimized kernels."""

import numpy as np
import pytest

from tests.ops.harness import Case, activation, check, constant, patterns
from tests.ops.macs import check_close, check_refused
from tfq.tflite import Tensor

pytestmark = pytest.mark.parity


def options(stride, dilation, padding, act):
    names = ("d", "h", "w")
    strides = dict(zip((f"stride_{n}" for n in names), np.broadcast_to(stride, 3).tolist(), strict=True))
    dilations = dict(zip((f"dilation_{n}_factor" for n in names), np.broadcast_to(dilation, 3).tolist(), strict=True))
    return {**strides, **dilations, "padding": padding, "fused_activation_function": act}


def constants(name, w_shape, channels, with_bias):
    rng = np.random.default_rng(len(name))
    values = [("w", w_shape)] + [("b", (channels,))] * with_bias
    return [Tensor(n, s, "FLOAT32", None, rng.normal(size=s).astype(np.float32)) for n, s in values]


def conv(name, size, kernel, channels, *, stride=1, dilation=1, padding="SAME", act="NONE", with_bias=True):
    """size: (D, H, W, C); kernel: (kd, kh, kw)."""
    found = options(stride, dilation, padding, act)
    out = []
    for n, k, s, d in zip(size, kernel, np.broadcast_to(stride, 3), np.broadcast_to(dilation, 3), strict=False):
        out.append(int(-(-n // s) if padding == "SAME" else (n - (k - 1) * d - 1) // s + 1))
    given = activation("x", (1, *size), type="FLOAT32")
    operands = constants(name, (*kernel, size[3], channels), channels, with_bias)
    return Case(name, "CONV_3D", (given, *operands), (activation("y", (1, *out, channels), type="FLOAT32"),), found)


def transposed(name, size, kernel, channels, *, stride=1, dilation=1, padding="SAME", act="NONE", with_bias=True):
    found = options(stride, dilation, padding, act)
    pairs = zip(size, kernel, np.broadcast_to(stride, 3), np.broadcast_to(dilation, 3), strict=False)
    out = [int(n * s if padding == "SAME" else (n - 1) * s + (k - 1) * d + 1) for n, k, s, d in pairs]
    w, *rest = constants(name, (*kernel, channels, size[3]), channels, with_bias)
    shape = constant("shape", (1, *out, channels))
    y = activation("y", (1, *out, channels), type="FLOAT32")
    return Case(name, "CONV_3D_TRANSPOSE", (shape, w, activation("x", (1, *size), type="FLOAT32"), *rest), (y,), found)


CASES = (
    conv("same", (4, 5, 6, 2), (2, 3, 3), 3),
    conv("valid, strides differ", (6, 7, 8, 3), (2, 3, 3), 4, stride=(1, 2, 3), padding="VALID", act="RELU6"),
    conv("dilated, no bias", (6, 7, 8, 2), (2, 2, 3), 3, dilation=2, with_bias=False),
    conv("one by one by one", (3, 3, 3, 4), (1, 1, 1), 5, act="RELU"),
    transposed("back", (2, 3, 4, 2), (2, 3, 3), 3, stride=2),
    transposed("back, valid", (2, 3, 4, 2), (2, 3, 3), 3, stride=(1, 2, 3), padding="VALID", act="RELU_N1_TO_1"),
    transposed("back, dilated, no bias", (2, 3, 4, 2), (2, 2, 2), 3, dilation=2, with_bias=False, padding="VALID"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equal_to_the_reference(case):
    check(case, "litert")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_close_to_the_optimized_kernels(case):
    rng = np.random.default_rng(0)
    fed = [t for t in case.inputs if t.data is None]
    check_close(case, "xnnpack", [patterns(t, rng, 2)[:2] for t in fed])


def test_refusals():
    check_refused(CASES[0], "tflm", "has no CONV_3D")
    check_refused(conv("large", (2, 2, 2, 1), (3, 3, 3), 1, padding="VALID"), "litert", "does not fit|no definition")
