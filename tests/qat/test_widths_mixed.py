"""Weights of 4 bits, and networks of several widths by rule: the whole road, exact in every runtime."""

import keras
import numpy as np
import pytest
from keras import ops

import tfq
from tests.qat.harness import ALL, Case, check, network, samples
from tests.qat.widths import INT4, run

L = keras.layers
CASES = (*((name, "per_channel", n) for name in INT4 for n in ALL), *((name, "per_tensor", "tflm") for name in INT4))
A_BYTE_EACH = {"Conv2D, groups", "DepthwiseConv2D", "Conv2DTranspose"}


@pytest.mark.parametrize(("name", "weights", "numerics"), CASES)
def test_weights_of_four_bits(name, weights, numerics):
    found = run(INT4[name], tfq.Recipe(numerics=numerics, weight_bits=4, weights=weights))
    # TFLite Micro's FULLY_CONNECTED takes int4 of one scale only.
    alone = name.startswith("Dense") and weights == "per_channel" and numerics == "tflm"
    assert bool(found.packed) == (name not in A_BYTE_EACH and not alone)


def branches():
    """Most kinds of layers, side by side and one after another."""
    x = inputs = keras.Input((9, 8, 4), name="image")
    x = L.Conv2D(6, 3, activation="relu", name="stem")(x)
    y = L.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = L.BatchNormalization(name="norm")(L.Add(name="sum")([x, y]))
    x = L.MaxPooling2D(2, name="pool")(x)
    x = L.Concatenate(name="joined")([x, L.Conv2D(3, 1, activation="sigmoid", name="gate")(x)])
    x = L.GlobalAveragePooling2D(name="average")(L.AveragePooling2D(2, padding="same", name="cells")(x))
    return keras.Model(inputs, L.Dense(5, activation="softmax", name="head")(x))


def rules(*pairs, **fields):
    return tfq.Recipe(rules=[{"layers": layers, **widths} for layers, widths in pairs], **fields)


IN8, IN16, W4 = {"activation_bits": 8}, {"activation_bits": 16}, {"weight_bits": 4}
WIDE = tfq.Recipe(activation_bits=16)
WHOLE_ROAD = (
    Case("all 16 bits", branches, WIDE, ("xnnpack", "tflm"), tensors=True),
    Case("8 bits inside 16", branches, rules(("depthwise", IN8), ("joined", IN8), activation_bits=16), ("xnnpack",)),
    Case("16 bits inside 8", branches, rules(("sum", IN16), ("gate", IN16), ("head", IN16)), ("xnnpack", "litert")),
    Case("4 and 8 bit weights, wide ends", branches, rules(("head", W4 | IN16), ("stem", W4), ("image", IN16))),
)


@pytest.mark.parametrize("case", WHOLE_ROAD, ids=str)
def test_whole_road(case, tmp_path):
    check(case, tmp_path)


def test_rules_go_by_the_names_of_inputs_and_layers():
    made = tfq.quantize(branches(), rules(("image", IN16), ("gate", IN16), ("joined", IN8), ("head", W4)))
    bits = {layer.name: layer.bits for layer in made.layers if hasattr(layer, "bits")}
    assert bits["image_quantized"] == bits["gate"] == 16
    assert bits["stem"] == bits["joined"] == 8
    assert {layer.name for layer in made.layers if getattr(layer, "weight_bits", 8) == 4} == {"head_dense"}


@pytest.mark.parametrize("wide", [["a"], ["shared"], ["b", "shared"]], ids=str)
def test_a_layer_called_on_8_and_16_bits(wide):
    def build():
        a, b = keras.Input((4, 4, 3), name="a"), keras.Input((4, 4, 3), name="b")
        shared = L.Conv2D(3, 1, name="shared")
        return keras.Model([a, b], L.Add(name="sum")([shared(a), shared(b)]))

    run(build, rules(*((name, IN16) for name in wide)))


def test_one_tensor_at_two_readers_is_requantized_once():
    def build():
        x = keras.Input((6, 3), name="x")
        return keras.Model(x, L.Add(name="sum")([L.Dense(2, name="a")(x), L.Dense(2, name="b")(x)]))

    found = run(build, rules(("x", IN16)))
    assert found.ops.count("QUANTIZE i8") == 1


def test_a_gather_has_8_bits_where_tflm_follows():
    def build():
        x = keras.Input((6, 3))
        return keras.Model(x, L.Dense(2)(ops.take(L.Dense(4)(x), [0, 2], axis=1)))

    found = {n: run(build, tfq.Recipe(numerics=n, activation_bits=16)).ops for n in ("litert", "tflm")}
    assert "GATHER i16" in found["litert"] and "GATHER i8" in found["tflm"]


def test_16_bits_come_closer_to_the_float_network():
    model = network(Case("", branches))
    arrays = samples(model)
    exact, errors = model.predict(arrays[0], verbose=0), []
    for recipe in (tfq.Recipe(), WIDE):
        quantized = tfq.quantize(model, recipe)
        tfq.calibrate(quantized, arrays[0])
        quantized.compile(run_eagerly=True)
        errors.append(np.abs(quantized.predict(arrays[0], verbose=0) - exact).max())
    assert errors[1] < errors[0]


def test_packed_weights_take_half_a_byte():
    model = keras.Sequential([keras.Input((8,)), L.Dense(2000)])
    sizes = []
    for bits in (8, 4):
        quantized = tfq.quantize(model, tfq.Recipe(weight_bits=bits))
        tfq.calibrate(quantized, np.ones((1, 8), np.float32))
        sizes.append(len(tfq.export(quantized)))
    assert sizes[0] - sizes[1] > 7900
