"""Keras's integers and the float network's activations against the file's, as plain mappings of arrays."""

from dataclasses import replace

import numpy as np
import pytest

from tests.parity.models import Fault, network, runtime
from tfq.interpreter import Interpreter
from tfq.parity import compare as comparing
from tfq.parity import parity
from tfq.parity.data import dequantized
from tfq.parity.parity import numerics_of
from tfq.runtimes import RuntimeDied
from tfq.tflite import read

NETWORK = network()
DATA = np.random.default_rng(2).integers(-128, 128, (5, 4, 4, 2)).astype(np.int8)
NAMES = ["x", "conv", "depthwise", "sum", "flat", "y"]


def integers(data=DATA):
    """Stored integers by tensor name, as float32, which is how Keras carries them."""
    interpreter = Interpreter(NETWORK)
    tensors = interpreter.model.main.tensors
    return {"x": data} | {tensors[i].name: a.astype(np.float32) for _, i, a in interpreter.trace([data])}


def reals(noise=0.0):
    rng = np.random.default_rng(3)
    tensors = {t.name: t for t in Interpreter(NETWORK).model.main.tensors}
    exact = {name: dequantized(tensors[name], a.astype(np.int8)) for name, a in integers().items()}
    return {name: a + noise * rng.standard_normal(a.shape) for name, a in exact.items()}


def keras(**arguments):
    return parity(NETWORK, DATA, runtimes={"xnnpack": runtime()}, **arguments)


def test_equal_integers_in_the_files_order():
    report = keras(keras_integers=dict(reversed(integers().items())))
    assert report.ok and report.keras.against == "xnnpack"
    assert [layer.tensor for layer in report.keras.layers] == NAMES
    assert report.keras.compared.compared == 5 * (32 + 64 * 4 + 3)
    assert "Keras against xnnpack: 0 of" in str(report)


def test_the_first_layer_that_parts():
    wrong = integers()
    wrong["sum"][3, 1, 2, 0] += 2
    wrong["y"][0, 1] -= 1
    report = keras(keras_integers=wrong)
    assert not report.ok and report.runtimes[0].ok
    layer = report.keras.first
    assert (layer.tensor, layer.difference.different, layer.difference.largest) == ("sum", 1, 2)
    assert (layer.difference.first.sample, layer.difference.first.position) == (3, (1, 2, 0))
    assert report.keras.compared.different == 2


def test_functions_get_real_inputs_chunk_by_chunk(monkeypatch):
    monkeypatch.setattr(comparing, "CHUNK_BYTES", 600)
    monkeypatch.setattr(comparing, "QUICK", np.inf)
    seen = []

    def keras_integers(x):
        seen.append(x)
        return integers(np.rint(x / np.float32(0.05)).astype(np.int8) + np.int8(3))

    report = keras(keras_integers=keras_integers)
    assert report.ok and report.keras.compared.compared == 5 * (32 + 64 * 4 + 3)
    assert [len(x) for x in seen] == [1, 2, 2] and all(x.dtype == np.float32 for x in seen)
    assert np.array_equal(np.concatenate(seen), dequantized(Interpreter(NETWORK).model.main.tensors[0], DATA))


def test_a_tensor_that_the_file_has_not_is_named():
    report = keras(keras_integers=integers() | {"lost": np.zeros(5)})
    assert not report.ok and report.keras.missing == ("lost",)
    assert "lost" in str(report)


def test_another_shape_and_values_that_are_no_integers():
    report = keras(keras_integers={"y": np.zeros((5, 4)), "sum": np.full((5, 4, 4, 4), np.nan)})
    by_name = {layer.tensor: layer.difference for layer in report.keras.layers}
    assert by_name["y"].note == "expected int64 (1, 3), received int64 (1, 4)"  # the first chunk
    assert by_name["sum"].different == 5 * 64


def test_decibels():
    exact = keras(float_values=reals())
    assert exact.ok and all(layer.sqnr == 999.0 for layer in exact.keras.layers)
    noisy = keras(float_values=reals(0.01), keras_integers=integers())
    signal = np.square(reals(0.01)["conv"]).mean()
    conv = next(layer for layer in noisy.keras.layers if layer.tensor == "conv")
    assert conv.sqnr == pytest.approx(10 * np.log10(signal / 0.01**2), abs=1.0)
    assert noisy.ok and " dB" in str(noisy)


def test_without_the_runtime_the_interpreter_runs_the_file(monkeypatch):
    from tfq.parity import layers

    monkeypatch.setattr(layers, "available", lambda name: "not on this system")
    report = parity(NETWORK, DATA, runtimes={"tflm": runtime("tflm")}, keras_integers=integers())
    assert report.ok and report.keras.against == "tfq.Interpreter (xnnpack)"


def test_a_runtime_that_dies_is_replaced_by_the_interpreter():
    def dies(content, inputs, all_tensors):
        raise RuntimeDied("signal 11")

    report = parity(NETWORK, DATA, runtimes={"xnnpack": dies}, keras_integers=integers())
    assert not report.ok and report.keras.ok and report.keras.against == "tfq.Interpreter (xnnpack)"


def test_the_file_is_run_by_the_runtime_that_is_named():
    wrong = runtime("tflm", faults=[Fault("CONV_2D")])
    values = {name: integers()[name] for name in ("x", "conv")}
    report = parity(NETWORK, DATA, runtimes={"tflm": wrong}, keras_integers=values, keras_runtime="tflm")
    assert report.keras.against == "tflm" and report.keras.first.tensor == "conv"


@pytest.mark.parametrize(
    ("metadata", "numerics"),
    [
        ({}, "xnnpack"),
        ({"tfq": b'{"recipe": {"numerics": "tflm"}}'}, "tflm"),
        ({"tfq": b'{"recipe": {"numerics": 3}}'}, "xnnpack"),
        ({"tfq": b'["recipe"]'}, "xnnpack"),
        ({"tfq": b"\xff{"}, "xnnpack"),
    ],
)
def test_the_recipe_in_the_file_names_the_runtime(metadata, numerics):
    assert numerics_of(replace(read(NETWORK), metadata=metadata)) == numerics
