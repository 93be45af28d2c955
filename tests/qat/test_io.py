"""The types of a file's inputs and outputs."""

import keras
import numpy as np
import pytest

import tfq
from tests.qat.harness import chain, flat, randomize
from tfq import runtimes

L = keras.layers
X = np.random.default_rng(0).normal(0, 1, (6, 5, 5, 3)).astype(np.float32)
WIDE = tfq.Recipe(activation_bits=16)
NARROW_END = tfq.Recipe(activation_bits=16, rules=[{"layers": "end", "activation_bits": 8}])


def quantized(recipe):
    keras.utils.set_random_seed(0)
    model = chain((5, 5, 3), lambda: [L.Conv2D(4, 3, name="start"), L.Flatten(), L.Dense(3, name="end")])()
    randomize(model)
    made = tfq.quantize(model, recipe)
    tfq.calibrate(made, X)
    made.compile(run_eagerly=True)
    return made


def edges(blob):
    file = tfq.Interpreter(blob)
    return [info.dtype.name for info in (*file.inputs, *file.outputs)]


def codes(info, x):
    """Reals as the file's input takes them."""
    if info.dtype.kind == "f":
        return x
    ends = np.iinfo(info.dtype)
    return np.clip(np.rint(x / np.float32(info.scale)) + info.zero_point, ends.min, ends.max).astype(info.dtype)


CASES = [
    (tfq.Recipe(), "int8", ["int8", "int8"]),
    (tfq.Recipe(), "uint8", ["uint8", "uint8"]),
    (tfq.Recipe(), "int16", ["int16", "int16"]),
    (tfq.Recipe(), "float32", ["float32", "float32"]),
    (WIDE, "int8", ["int16", "int16"]),
    (WIDE, "int16", ["int16", "int16"]),
    (WIDE, "float32", ["float32", "float32"]),
    (NARROW_END, "int8", ["int16", "int8"]),
    (NARROW_END, "int16", ["int16", "int16"]),
]


@pytest.mark.parametrize("runtime", ["xnnpack", "litert", "tflm"])
@pytest.mark.parametrize(("recipe", "io", "expected"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_types_at_the_edges_change_no_integer_inside(recipe, io, expected, runtime):
    model = quantized(tfq.Recipe.from_dict({**recipe.to_dict(), "numerics": runtime}))
    blob = tfq.export(model, io=io, allow_float=io == "float32")
    assert edges(blob) == expected
    file = tfq.Interpreter(blob, numerics=runtime)
    (info,), (out,) = file.inputs, file.outputs
    given = codes(info, X)
    (ours,) = file.run([given])
    if runtimes.available(runtime) is None:
        np.testing.assert_array_equal(ours, runtimes.run(runtime, blob, [given]).outputs[0])
    reals = ours if io == "float32" else np.float32(out.scale) * (ours.astype(np.float32) - np.float32(out.zero_point))
    np.testing.assert_array_equal(reals, flat(model.predict(X, verbose=0))[0])


def test_no_op_at_an_edge_that_has_the_type_already():
    def ops(recipe, io):
        return [o.code for o in tfq.Interpreter(tfq.export(quantized(recipe), io=io)).model.main.operators]

    assert "QUANTIZE" not in ops(tfq.Recipe(), "int8") + ops(WIDE, "int8") + ops(WIDE, "int16")
    assert ops(tfq.Recipe(), "int16").count("QUANTIZE") == 2
    assert ops(NARROW_END, "int16").count("QUANTIZE") == 2  # before the last layer, and behind it


def test_uint8_does_not_hold_16_bits():
    with pytest.raises(tfq.TfqError, match=r"io='uint8': 'input_layer.*' has 16 bits.*io='int16'.*rule"):
        tfq.export(quantized(WIDE), io="uint8")
    with pytest.raises(tfq.TfqError, match="io must be one of int8, uint8, int16, float32, received 'int4'"):
        tfq.export(quantized(WIDE), io="int4")
    with pytest.raises(tfq.TfqError, match="say allow_float=True"):
        tfq.export(quantized(WIDE), io="float32")
