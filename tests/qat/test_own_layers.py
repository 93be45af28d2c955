"""Layers of the user's own: docs/own-layers.md as it stands, and what it promises of `tfq_parts`."""

import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import tfq
from tests.qat.harness import Case, check, network
from tfq.numerics.expression import FUNCTIONS
from tfq.qat.net import Net

pytestmark = pytest.mark.parity
ROOT = Path(tfq.__file__).parents[1]
PAGE = (ROOT / "docs" / "own-layers.md").read_text("utf-8")
L = keras.layers


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(code, "docs/own-layers.md", "exec"), names)
    assert {path.name for path in tmp_path.iterdir()} >= {"gate.tflite", "normalized.keras", "normalized.tflite"}
    assert loads_in_a_fresh_process(tmp_path / "normalized.keras")


def loads_in_a_fresh_process(path):
    """Without the layers' classes."""
    code = "import sys, tfq; print(len(tfq.export(tfq.load(sys.argv[1]))))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, cwd=ROOT, timeout=280)
    return int(done.stdout) == (path.parent / "normalized.tflite").stat().st_size


def test_the_page_lists_the_methods_and_functions():
    table = PAGE.partition("### What `net` offers")[2].partition("### Who trains")[0]
    named = set(re.findall(r"`(?:net\.)?([a-z_]+)", table.partition("An expression is")[0]))
    assert not {name for name in named if not hasattr(Net, name)} - {"x", "paddings", "indices", "weights"}
    assert set(re.findall(r"`([a-z_0-9]+)`", table.partition("The functions:")[2])) == set(FUNCTIONS)


@keras.saving.register_keras_serializable("tfq.tests")
class Mixture(keras.layers.Layer):
    """Two tensors in a dict, an option of the call, variables of every kind, two outputs."""

    def build(self, shape):
        depth = shape["a"][-1]
        self.gain = self.add_weight(shape=(depth,), initializer="ones", name="gain")
        self.shift = self.add_weight(shape=(depth,), initializer="ones", trainable=False, name="shift")
        self.kernel = self.add_weight(shape=(depth, 3), initializer="glorot_uniform", name="kernel")
        self.constant = self.add_weight(shape=(depth, 2), initializer="ones", trainable=False, name="constant")
        self.place = self.add_weight(shape=(4, depth), initializer="ones", name="place")
        self.one = self.add_weight(shape=(1,), initializer="ones", name="one")

    def call(self, inputs, *, sharp, training=None):
        x = inputs["a"] * self.gain + self.shift
        y = keras.ops.matmul(inputs["b"] + self.place, self.kernel)
        z = keras.ops.matmul(x, self.constant) * self.one
        return {"sum": keras.ops.sigmoid(sharp * y), "other": z}

    def compute_output_spec(self, inputs, *, sharp, training=None):
        shape = inputs["a"].shape[:-1]
        return {"sum": keras.KerasTensor((*shape, 3)), "other": keras.KerasTensor((*shape, 2))}

    def tfq_parts(self, net, inputs, *, sharp):
        x = net.scale(inputs["a"], self.gain, self.shift)
        y = net.linear(net.add(inputs["b"], self.place), self.kernel)
        z = net.multiply(net.linear(x, self.constant, label="constant"), self.one)
        return {"sum": net.activation(net.multiply(y, sharp), "sigmoid"), "other": z}


def mixture(calls=1, trainable=True):
    a, b = keras.Input((4, 5), name="a"), keras.Input((4, 5), name="b")
    layer, x = Mixture(trainable=trainable), a
    for i in range(calls):
        made = layer({"a": x, "b": b}, sharp=2.0 + i, training=False)
        x = L.Dense(5)(made["other"])
    return keras.Model([a, b], [made["sum"], x])


CASES = (
    Case("dicts, options, variables", mixture, tensors=True),
    Case("called twice", lambda: mixture(2)),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_declared_parts(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("trainable", [True, False])
def test_variables_train_as_they_did(trainable):
    model = network(Case("", lambda: mixture(trainable=trainable)))
    quantized = tfq.quantize(model)
    own = {tuple(w.shape) for layer in quantized.layers if layer.name != "dense" for w in layer.trainable_weights}
    assert own == ({(5,), (5, 3), (4, 5), (1,)} if trainable else set())
    assert sum(w.trainable and tuple(w.shape) == (5,) for w in quantized.weights) == 1 + trainable  # the Dense's bias


def test_scale_without_an_offset_learns_none():
    class Gain(keras.layers.Layer):
        def build(self, shape):
            self.gain = self.add_weight(shape=shape[-1:], initializer="ones", name="gain")

        def call(self, x):
            return x * self.gain

    x = keras.Input((6,))
    quantized = tfq.quantize(keras.Model(x, Gain()(x)))
    assert [tuple(w.shape) for w in quantized.trainable_weights] == [(6,)]


class Wrong(keras.layers.Layer):
    def call(self, x):
        return keras.ops.relu(x)

    def tfq_parts(self, net, x):
        return 3.0


def test_parts_that_are_none():
    x = keras.Input((6,))
    with pytest.raises(tfq.Unsupported, match="its parts do not end in tensors; return what the methods of net give"):
        tfq.quantize(keras.Model(x, Wrong()(x)))


@pytest.mark.filterwarnings("ignore:Layer 'masked'")
def test_a_mask_is_not_dropped_in_silence():
    x = keras.Input((6, 4))

    class Masked(keras.layers.Layer):
        def call(self, x, mask=None):
            return x

        def tfq_parts(self, net, x):
            return net.identity(x)

    with pytest.raises(tfq.Unsupported, match="called with a mask, which its tfq_parts does not take"):
        tfq.quantize(keras.Model(x, Masked()(x, mask=keras.ops.any(x > 0, axis=-1))))
