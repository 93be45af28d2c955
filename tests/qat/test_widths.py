"""16-bit activations (16x8): every kind of op, exact in the runtime that the recipe names; what it lacks has 8 bits."""

import pytest

import tfq
from tests.qat.widths import NETWORKS, run

NARROW = {"tflm": {"take", "max", "min", "GlobalMaxPooling2D", "UpSampling2D, bilinear"}}
IN_8_BITS = {"log_softmax", "PReLU", "where"}
# XNNPACK's own answers, or LiteRT's default's, part from the reference kernels in these; docs/widths.md has the rest.
PARTING = ("Conv2D", "Dense", "Add", "sigmoid", "tanh", "Softmax", "mean", "matmul")
CASES = (
    *((name, numerics) for name in NETWORKS for numerics in ("xnnpack", "tflm")),
    *((name, "litert") for name in PARTING),
)


@pytest.mark.parametrize(("name", "numerics"), CASES)
def test_sixteen_bits(name, numerics):
    found = run(NETWORKS[name], tfq.Recipe(numerics=numerics, activation_bits=16))
    narrow = name in NARROW.get(numerics, ()) or name in IN_8_BITS
    assert found.edges == (("i8",) if narrow and name != "PReLU" else found.edges)
    assert narrow or found.edges == ("i16",)
    if numerics == "tflm":
        assert not {"GATHER i16", "REDUCE_MAX i16", "REDUCE_MIN i16", "RESIZE_BILINEAR i16"} & set(found.ops)
