"""SOFTMAX against the real runtimes: row lengths, scales, beta, ties; the rows and grids that must be refused."""

import dataclasses

import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (softmax("scale", (1, 4), y=(1 / 128, -128)), "litert", "scale 1/256"),
        (softmax("zero point", (1, 4), y=(1 / 256, -127)), "xnnpack", "zero point -128"),
        (softmax("exact", (1, 4), y=(1.0005 / 256, -128)), "tflm", "scale 1/256"),
        (softmax("tiny", (1, 4), 2.0**-30), "litert", "input scale above 1.49"),
        (softmax("beta 0", (1, 4), beta=0.0), "xnnpack", "above 0.0, received 0.0"),
        (
            dataclasses.replace(softmax("type", (1, 4)), outputs=(activation("y", (1, 4), 1 / 256, 0, "UINT8"),)),
            "litert",
            "output type must be INT8",
        ),
    ),
    ids=lambda value: str(value) if isinstance(value, Case) else "",
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
