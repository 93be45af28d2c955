"""Shapes of models: nesting, sharing, several inputs and outputs, subclasses, deep chains."""

import keras
import numpy as np
import pytest
from keras import ops

import tfq
from tests.qat.harness import Case, chain, check, network, packed, samples
from tfq.qat.capture import capture
from tfq.qat.rules import known

L = keras.layers


@keras.saving.register_keras_serializable("test_structure")
class Block(L.Layer):
    """A layer of the user's own, of layers and operators."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = L.Dense(units)

    def build(self, shape):
        self.inner.build(shape)

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.units)

    def call(self, x):
        return ops.relu(self.inner(x)) * 0.5


@keras.saving.register_keras_serializable("test_structure")
class Pair(keras.Model):
    """A subclassed model: a dict in, a dict out, another subclassed model inside."""

    def __init__(self, depth=1, **kwargs):
        super().__init__(**kwargs)
        self.left, self.right = L.Dense(4), L.Dense(4)
        self.deeper = Pair(depth - 1) if depth else None

    def call(self, x):
        a, b = self.left(x["a"]), self.right(x["b"])
        if self.deeper is not None:
            a = self.deeper({"a": a, "b": b})["sum"]
        return {"sum": a + b, "left": a}


def backbone(name="backbone"):
    x = keras.Input((6, 6, 3), name="pixels")
    y = L.ReLU(name="relu")(L.BatchNormalization(name="norm")(L.Conv2D(4, 3, name="conv")(x)))
    return keras.Model(x, y, name=name)


def nested():
    """Two levels deep, one part frozen, layers of the same names on all levels."""
    inner = backbone()
    inner.trainable = False
    x = keras.Input((6, 6, 3), name="pixels")
    middle = keras.Model(x, L.Conv2D(2, 1, name="conv")(inner(x)), name="middle")
    x = keras.Input((6, 6, 3))
    return keras.Model(x, L.Dense(2, name="head")(L.Flatten()(middle(x))))


def shared_model():
    inner = backbone()
    a, b = keras.Input((6, 6, 3), name="a"), keras.Input((6, 6, 3), name="b")
    return keras.Model([a, b], inner(a) - inner(b))


def sequential_inside():
    x = keras.Input((6,))
    head = keras.Sequential([L.Dense(5, activation="relu"), L.Dense(3)], name="head")
    return keras.Model(x, head(Block(4)(x)))


def in_and_out():
    """A nest of inputs and outputs: pass-through, one twice, one used inside, an input that nothing reads."""
    inputs = {"z": keras.Input((4,), name="z"), "pair": [keras.Input((3,), name="p"), keras.Input((2,), name="unread")]}
    y = L.Dense(4, name="y")(inputs["z"])
    w = L.Concatenate(name="w")([y, inputs["pair"][0]])
    return keras.Model(inputs, {"deep": (w, [y, y]), "again": inputs["z"]})


def fixed_batch():
    x = keras.Input(batch_shape=(8, 6, 4))
    return keras.Model(x, ops.reshape(L.Dense(3)(ops.reshape(x, (48, 4))), (8, 18)))


def subclassed():
    model = Pair()
    model({"a": np.ones((2, 3), np.float32), "b": np.ones((2, 5), np.float32)})
    return model


def subclassed_inside():
    a, b = keras.Input((3,), name="a"), keras.Input((5,), name="b")
    return keras.Model([a, b], L.Dense(2)(Pair(0)({"a": a, "b": b})["sum"]))


CASES = (
    Case("nested", nested),
    Case("a nested model called twice", shared_model),
    Case("a Sequential and a layer of one's own", sequential_inside),
    Case("inputs and outputs", in_and_out),
    Case("a fixed batch", fixed_batch),
    Case("a subclassed model inside", subclassed_inside),
    Case("a lambda", chain((5,), lambda: [L.Dense(4), L.Lambda(lambda x: ops.abs(x) + 1.0), L.Dense(2)])),
)


@pytest.mark.parity
@pytest.mark.parametrize("case", CASES, ids=str)
def test_structures(case, tmp_path):
    check(case, tmp_path)


def test_a_subclassed_model():
    """Names and order are Keras's; weights and function too."""
    model = subclassed()
    quantized = tfq.quantize(model)
    data = {"b": np.ones((4, 5), np.float32), "a": np.full((4, 3), -2, np.float32)}
    tfq.calibrate(quantized, data)
    made, exact = quantized.predict(data, verbose=0), model(data)
    assert list(made) == list(exact)
    for name in exact:
        np.testing.assert_allclose(made[name], exact[name], atol=0.1)
    assert [info.name for info in tfq.Interpreter(tfq.export(quantized)).inputs] == ["a", "b"]


class Indices(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table, self.dense = L.Embedding(9, 4), L.Dense(2)

    def call(self, x):
        return self.dense(self.table(x["ids"])) + ops.expand_dims(x["bias"], 1)


def test_what_only_embeddings_read_are_indices():
    model = Indices()
    model({"ids": np.ones((2, 3), np.int32), "bias": np.ones((2, 2), np.float32)})
    inputs = {value.dtype for value in capture(model, known).inputs}
    assert inputs == {"int32", "float32"}


def test_frozen_parts_stay_frozen():
    quantized = tfq.quantize(nested())
    names = [variable.path for variable in quantized.trainable_weights]
    assert not [name for name in names if "norm" in name or "gamma" in name]
    assert len(names) == len(nested().trainable_weights)


def test_a_deep_chain():
    """1,500 operations: more than Python's frames."""

    class Deep(keras.Model):
        def call(self, x):
            for _ in range(750):
                x = ops.maximum(ops.transpose(x, (0, 2, 1)), -1.0)
            return x

    model = Deep()
    model(np.ones((1, 3, 2), np.float32))
    assert len(capture(model, known).calls) == 1500


def test_names_in_the_file_are_the_models():
    case = Case("in and out", in_and_out)
    model = network(case)
    quantized = tfq.quantize(model)
    arrays = samples(model)
    tfq.calibrate(quantized, packed(model, arrays))
    file = tfq.Interpreter(tfq.export(quantized))
    assert [info.name for info in file.inputs] == [tensor.name for tensor in model.inputs]
    assert len(file.outputs) == len(keras.tree.flatten(model.output))


OPEN = {
    "two sizes": ((None, None, 3), "leaves a size open besides the batch"),
    "a length": ((None, 4), "keras.Input((224, 224, 3))"),
}


@pytest.mark.parametrize(("shape", "words"), OPEN.values(), ids=OPEN)
def test_open_sizes(shape, words):
    x = keras.Input(shape)
    with pytest.raises(tfq.Unsupported) as error:
        tfq.plan(keras.Model(x, L.Dense(2)(x)))
    assert words in str(error.value)
