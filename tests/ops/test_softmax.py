"""SOFTMAX against the real runtimes: row lengths, scales, beta, ties; the rows and grids that must be refused."""

import dataclasses

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close, reals
from tests.ops.harness import RUNTIMES, Case, activation, check, model_of
from tfq.errors import TfqError, Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

OUTPUT = (1 / 256, -128)


def softmax(name, shape, scale=0.1, zero_point=3, beta=1.0, y=OUTPUT, **more):
    return Case(
        name,
        "SOFTMAX",
        (activation("x", shape, scale, zero_point),),
        (activation("y", shape, *y),),
        {"beta": beta},
        **more,
    )


CASES = (
    softmax("plain", (1, 10)),
    softmax("one class", (1, 1)),
    softmax("two classes", (1, 2), 0.05),
    softmax("equal scales of 2", (1, 64), 2.0**-4),
    softmax("flat", (1, 300), 2.0**-12),
    softmax("steep", (1, 300), 7.5),
    softmax("one per step", (1, 100), 1.0),
    softmax("larger than the table", (1, 33), 40.0),
    softmax("all alike", (1, 10), 2.0**-30, only=("xnnpack",)),
    softmax("beta", (1, 21), 0.07, beta=0.5),
    softmax("large beta", (1, 21), 0.07, beta=3.7),
    softmax("vector", (17,), samples=1),
    softmax("image", (1, 3, 4, 5), 0.02, -128),
    softmax("many classes", (1, 500), 0.25),
    softmax("near the output's scale", (1, 10), y=(1.0005 / 256, -128), only=("litert", "xnnpack")),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_softmax(case, numerics):
    check(case, numerics)


def typed(name, shape, x, y, types, beta=1.0, **more):
    """x, y: (scale, zero point). types: of input and output."""
    tensors = (activation("x", shape, *x, types[0]),), (activation("y", shape, *y, types[1]),)
    return Case(name, "SOFTMAX", *tensors, {"beta": beta}, **more)


BYTES, SHORTS, WIDER, WIDER_UNSIGNED = (
    *(("UINT8", "UINT8"), ("INT16", "INT16"), ("INT8", "INT16"), ("UINT8", "INT16")),
)
OUT_16, OUT_WIDER = (1 / 32768, 0), (1 / 65536, -32768)
OTHER_TYPES = (
    typed("unsigned", (1, 10), (0.1, 130), (1 / 256, 0), BYTES, only=LITERT_KERNELS),
    typed("unsigned, many", (1, 300), (0.02, 130), (1 / 256, 0), BYTES, beta=0.7, only=LITERT_KERNELS),
    typed("unsigned, output grid ignored", (1, 30), (0.1, 130), (1 / 100, 9), BYTES, only=("litert",)),
    typed("unsigned, output scale", (1, 30), (0.1, 130), (1 / 100, 9), BYTES, only=("xnnpack",)),
    typed("int8 to int16", (1, 10), (0.1, 3), OUT_WIDER, WIDER),
    typed("int8 to int16, image", (1, 3, 4, 30), (0.03, 3), OUT_WIDER, WIDER, beta=1.3),
    typed("int8 to int16, 900 alike", (1, 900), (2.0**-12, 3), OUT_WIDER, WIDER),
    typed("int8 to int16, output grid", (1, 30), (0.1, 3), (1 / 9000, -5000), WIDER, only=LITERT_KERNELS),
    typed("uint8 to int16", (1, 10), (0.1, 130), OUT_WIDER, WIDER_UNSIGNED, only=LITERT_KERNELS),
    typed("int16", (1, 10), (0.0003, 0), OUT_16, SHORTS),
    typed("int16, steep", (1, 21), (0.01, 0), OUT_16, SHORTS),
    typed("int16, steeper", (1, 21), (3.7, 0), OUT_16, SHORTS, beta=2.9),
    typed("int16, flat", (1, 300), (1e-7, 0), OUT_16, SHORTS),
    typed("int16, image, beta", (1, 5, 6, 17), (0.00123, 0), OUT_16, SHORTS, beta=0.71),
    typed("int16, thousands", (1, 5000), (0.0002, 0), OUT_16, SHORTS, samples=1),
    *(typed(f"int16, {s}", (1, 40), (s, 0), OUT_16, SHORTS, samples=100) for s in (0.00007, 0.000123, 0.0004, 0.001)),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", OTHER_TYPES, ids=str)
def test_other_types(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("beta", (1.0, 0.3))
@pytest.mark.parametrize("numerics", RUNTIMES)
def test_real(numerics, beta):
    case = typed("real", (1, 5, 6, 7), (0, 0), (0, 0), ("FLOAT32", "FLOAT32"), beta)
    check_close(case, numerics, [reals((1, 5, 6, 7), 1e20)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_a_thousand_classes(numerics):
    """Peaked rows, whose exponentials add up to less than 512."""
    rng = np.random.default_rng(0)
    x = np.clip(rng.normal(-40, 30, (6, 1000)), -128, 127).astype(np.int8)
    x[:, 17] = 127
    check(softmax("a thousand", (1, 1000), 0.12), numerics, [x])


def test_xnnpack_adds_in_index_order():
    """A thousand float32 terms whose sum depends on the order."""
    x = np.concatenate([np.full(1, 127), np.full(3, 110), np.arange(996) % 60]).astype(np.int8)
    rows = np.stack([x, x[::-1]])
    check(softmax("order", (1, 1000), 0.01), "xnnpack", [rows])


@pytest.mark.parametrize("numerics", ("litert", "tflm"))
def test_rows_on_which_the_kernel_aborts(numerics):
    flat = np.zeros((1, 600), np.int8)
    interpreter = Interpreter(model_of(softmax("flat", (1, 600))), numerics=numerics)
    with pytest.raises(TfqError, match="add up to less than 512"):
        interpreter.run(flat)
    flat[0, 0] = 10
    interpreter.run(flat)


@pytest.mark.parametrize("numerics", ("litert", "tflm"))
def test_rows_whose_sum_overflows(numerics):
    case = typed("flat", (1, 4100), (2.0**-12, 3), OUT_WIDER, WIDER)
    with pytest.raises(TfqError, match="add up to less than 4096"):
        Interpreter(model_of(case), numerics=numerics).run(np.zeros((1, 4100), np.int8))


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (softmax("scale", (1, 4), y=(1 / 128, -128)), "litert", "scale 1/256"),
        (softmax("zero point", (1, 4), y=(1 / 256, -127)), "xnnpack", "zero point -128"),
        (softmax("exact", (1, 4), y=(1.0005 / 256, -128)), "tflm", "scale 1/256"),
        (softmax("tiny", (1, 4), 2.0**-30), "litert", "input scale above 1.49"),
        (softmax("no classes", (1, 0)), "litert", "last axis with values, received shape .1, 0."),
        (typed("short", (1, 4), (0.1, 0), (1 / 256, 0), SHORTS), "tflm", "scale 1/32768 and zero point 0"),
        (typed("wider", (1, 4), (0.1, 0), (1 / 256, 0), WIDER), "tflm", "scale 1/65536 and zero point -32768"),
        (typed("zero point", (1, 4), (0.1, 1), OUT_16, SHORTS), "litert", "zero points of 0"),
        (typed("far", (1, 4), (1e6, 0), OUT_16, SHORTS), "litert", "below 163000"),
        (typed("unsigned", (1, 4), (0.1, 1), (1 / 256, 0), BYTES), "tflm", "tflm takes UINT8 to nothing"),
        (softmax("beta 0", (1, 4), beta=0.0), "xnnpack", "above 0.0, received 0.0"),
        (
            dataclasses.replace(softmax("type", (1, 4)), outputs=(activation("y", (1, 4), 1 / 256, 0, "UINT8"),)),
            "litert",
            "litert takes INT8 to INT8 or INT16, received output type UINT8",
        ),
    ),
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
