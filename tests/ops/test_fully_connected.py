"""FULLY_CONNECTED against the real runtimes: shapes, per channel, missing bias, weights with a zero point, ties."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, bias, check, weights

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
    **more,
):
    """A random FULLY_CONNECTED over the last axis. w: scales; zero: zero point of the weights; b: None for no bias."""
    rng = np.random.default_rng(len(name) + sum(shape))
    rows = int(np.prod(shape[:-1]))
    matrix = rng.integers(-codes, codes + 1, (units, shape[-1])).astype(np.int8)
    inputs = [activation("x", shape, *x), weights(matrix, w, zero_point=zero)]
    if b is not None:
        inputs.append(bias(rng.integers(*b, units, endpoint=True), scale=np.float32(x[0]) * np.asarray(w, np.float32)))
    return Case(
        name,
        "FULLY_CONNECTED",
        tuple(inputs),
        (activation("y", (*shape[:-1], units) if keep else (rows, units), *y),),
        {
            "fused_activation_function": act,
            "weights_format": "DEFAULT",
            "keep_num_dims": keep,
            "asymmetric_quantize_inputs": False,
        },
        version=6 if b is None else 5,
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


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_fully_connected(case, numerics):
    check(case, numerics)
