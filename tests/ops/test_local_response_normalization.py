"""LOCAL_RESPONSE_NORMALIZATION against LiteRT: radii, powers; which channels each kernel sums; refusals."""

import numpy as np
import pytest

from tests.ops.elements import LITERT_KERNELS, check_close, element
from tests.ops.harness import model_of
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity


def lrn(name, radius=2, bias=1.0, alpha=0.5, beta=0.75, shape=(1, 3, 4, 9), type="FLOAT32", **more):
    options = {"radius": radius, "bias": bias, "alpha": alpha, "beta": beta}
    more = {"only": LITERT_KERNELS, **more}
    return element("LOCAL_RESPONSE_NORMALIZATION", name, type=type, shape=shape, options=options, **more)


CASES = (
    lrn("plain"),
    lrn("one channel", radius=0),
    lrn("all channels", radius=20),
    lrn("inverse", beta=1.0),
    lrn("root", beta=0.5, bias=2.5),
    lrn("as AlexNet has it", 5, 1.0, 1e-4, 0.75, (1, 5, 5, 64)),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_local_response_normalization(case, numerics):
    x = np.random.default_rng(3).normal(0, 3, (2, *case.inputs[0].shape[1:])).astype(np.float32)
    check_close(case, numerics, [x])


def test_the_reference_leaves_the_last_channel_out():
    x = np.ones((1, 1, 1, 3), np.float32)
    model = model_of(lrn("ones", 1, 0.0, 1.0, 1.0, (1, 1, 1, 3)))
    assert Interpreter(model, numerics="litert").run(x)[0].tolist() == [[[[1.0, 0.5, 0.5]]]]
    np.testing.assert_allclose(Interpreter(model).run(x)[0], [[[[1 / 2, 1 / 3, 1 / 2]]]], rtol=1e-6)


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    (
        (lrn("rank 3", shape=(1, 3, 4)), "litert", "must be .N, H, W, C."),
        (lrn("radius", radius=-1), "litert", "the radius 0 or more, received .* and -1"),
        (lrn("tflm"), "tflm", "tflm has no kernel"),
    ),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
