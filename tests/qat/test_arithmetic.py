"""Operators and keras.ops arithmetic: constants on either side, functions of one element, comparisons, choices."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops

import tfq
from tests.qat.harness import ALL, Case, check, network
from tfq.errors import Unsupported

VECTOR = np.array([0.5, -1.0, 2.0, 0.25, -0.125, 1.5], np.float32)
TABLE = np.linspace(-1, 1, 18, dtype=np.float32).reshape(3, 6)


def of_one(function, units=6):
    """function of one Dense layer's output."""

    def build():
        inputs = keras.Input((3, 4))
        return keras.Model(inputs, function(L.Dense(units)(inputs)))

    return build


def of_two(function, shape=(3, 6)):
    """function of two inputs, the first through a Dense layer."""

    def build():
        a, b = keras.Input((3, 4), name="a"), keras.Input(shape, name="b")
        return keras.Model([a, b], function(L.Dense(6)(a), b))

    return build


def scalars(x):
    return [2.0 - x, x / 4.0, -x, 1.5 * x + 0.5, 0.5 / (ops.abs(x) + 1.0), x**3, 2.0**x, x // 0.5, x % 0.75]


def arrays(x):
    left = [ops.subtract(VECTOR, x), ops.multiply(TABLE, x), ops.minimum(TABLE, x)]
    return [*left, x * VECTOR, x + TABLE, x / VECTOR, ops.maximum(x, VECTOR)]


def functions(x):
    y = ops.abs(x) + 0.5
    inside = ops.tanh(x) * 0.9
    return [
        ops.sqrt(y), ops.rsqrt(y), ops.log(y), ops.log2(y), ops.log10(y), ops.log1p(y), ops.exp(x), ops.exp2(x),
        ops.expm1(x), ops.sin(x), ops.cos(x), ops.arctan(x), ops.arcsin(inside), ops.arccos(inside), ops.sinh(inside),
        ops.cosh(inside), ops.arcsinh(x), ops.arctanh(inside), ops.erf(x), ops.square(x), ops.sign(x), ops.floor(x),
        ops.ceil(x), ops.round(x), ops.trunc(x), ops.reciprocal(y), ops.clip(x, -0.5, 0.75), ops.power(y, 1.5),
        ops.copy(x), ops.cast(x, "float32"), ops.divide_no_nan(1.0 * x, y), ops.ones_like(x), ops.full_like(x, 0.25),
    ]  # fmt: skip


def conditions(x):
    positive = x > 0
    return [
        ops.where(positive, x, 0.1 * x),
        ops.where(ops.logical_and(x > -0.5, x < 0.5), 0.0, x),
        ops.where(ops.logical_or(x < -1.0, ops.logical_not(positive)), -1.0, 1.0),
        ops.cast(x >= 0.25, "float32") * 2.0,
        ops.where(ops.greater(x, VECTOR), x, 0.0),
        ops.cast(ops.not_equal(ops.round(x), 0.0), "float32"),
    ]


def choices(a, b):
    larger = a > b
    return [
        ops.where(larger, a, b),
        ops.where(larger, a, 0.0),
        ops.where(larger, 0.5, b),
        ops.where(ops.logical_and(larger, b < 0.5), a, b),
        ops.where(ops.logical_or(larger, b > 1.0), 1.0, -1.0),
        ops.where(ops.logical_xor(larger, b > 0.0), b, a),
        ops.cast(ops.less_equal(a, b), "float32") + a,
    ]


@keras.saving.register_keras_serializable(package="tests")
class Scaled(L.Layer):
    """x * one number + one per channel, both trained."""

    def build(self, shape):
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")
        self.shift = self.add_weight(shape=(shape[-1],), initializer="ones", name="shift")
        self.built = True

    def call(self, x):
        return ops.add(ops.multiply(x, self.factor), self.shift)


def only_scaled():
    inputs = keras.Input((4,))
    return keras.Model(inputs, Scaled()(inputs))


CASES = (
    Case("scalars", of_one(scalars)),
    Case("arrays", of_one(arrays)),
    Case("functions", of_one(functions)),
    Case("conditions", of_one(conditions), numerics=("xnnpack", "tflm")),
    Case("choices", of_two(choices), numerics=ALL),
    Case("broadcast_choice", of_two(lambda a, b: ops.where(b > 0.0, a, -a), (1, 6)), numerics=ALL),
    Case("average", of_two(lambda a, b: [L.Average()([a, b]), L.Average()([a, b, a * b, b])])),
    Case("variables", only_scaled),
    Case("stop_gradient", of_one(lambda x: x * ops.stop_gradient(ops.sigmoid(x)))),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_arithmetic(case, tmp_path):
    check(case, tmp_path)


def kinds(build):
    return [part.kind for part in tfq.plan(network(Case("plan", build))).parts]


PLANS = (
    ("one table for all", of_one(lambda x: ops.where(x > 0, x, 0.1 * x + x * x)), ["dense", "table"]),
    ("silu has kernels", of_one(ops.silu), ["dense", "activation", "multiply"]),
    ("a sigmoid however written", of_one(lambda x: 1.0 / (1.0 + ops.exp(-x))), ["dense", "activation"]),
    ("a relu however written", of_one(lambda x: ops.maximum(x, 0.0)), ["dense"]),
    ("a relu6 however written", of_one(lambda x: ops.clip(x, 0.0, 6.0)), ["dense"]),
    ("a sum with a relu", of_one(lambda x: x + ops.relu(x)), ["dense", "relu", "add"]),
    ("a relu stays in its layer", of_one(lambda x: ops.sqrt(ops.relu(x))), ["dense", "table"]),
    ("a scale behind a layer", of_one(lambda x: x * 0.5 + 1.0), ["dense"]),
)  # fmt: skip


@pytest.mark.parametrize(("build", "expected"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS])
def test_plans(build, expected):
    assert kinds(build) == expected


def integer_input():
    inputs = keras.Input((4,), dtype="int32")
    return keras.Model(inputs, ops.cast(inputs, "float32") * 2.0)


REFUSALS = (
    ("an integer input", integer_input, "arithmetic on an integer input; make the input float32"),
    ("a power of tensors", of_two(lambda a, b: a**b), "the exponent is a tensor; use one number"),
    ("mod of tensors", of_two(lambda a, b: a % b), "the second operand is a tensor; use one number"),
    ("positions", of_one(lambda x: ops.where(x > 0)), "where"),
)


@pytest.mark.parametrize(("build", "message"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_refusals(build, message):
    with pytest.raises(Unsupported) as error:
        tfq.quantize(network(Case("refused", build)))
    assert message in str(error.value)
