"""The two array namespaces: every name of tfq.numerics.arrays is in tfq.qat.arrays and gives the same values."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as generated

from tfq.numerics import arrays as numpy_arrays
from tfq.qat import arrays as keras_arrays

FLOATS = np.array([-300.5, -2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 1e-3, 126.9999, 2.0**23 + 1], np.float32)
WHOLE = np.array([-(2**31), -129, -128, -3, -1, 0, 1, 2, 255, 2**31 - 1], np.int32)
TABLE = np.arange(24, dtype=np.float32).reshape(4, 6)

# name -> calls, each the arguments
CALLS = {
    "abs": [(FLOATS,), (WHOLE[1:],)],
    "arange": [(5,), (-3, 4)],
    "arccos": [(np.linspace(-1, 1, 9),)],
    "arccosh": [(np.linspace(1, 9, 9),)],
    "arcsin": [(np.linspace(-1, 1, 9),)],
    "arcsinh": [(FLOATS[1:10].astype(np.float64),)],
    "arctan": [(FLOATS[1:10].astype(np.float64),)],
    "arctanh": [(np.linspace(-0.9, 0.9, 9),)],
    "asarray": [([1.5, 2.5], "float32"), (WHOLE, "int64"), (3, "float32")],
    "bitwise_and": [(WHOLE, 255), (WHOLE.astype(np.int64), 2**31 - 1)],
    "cast": [(WHOLE, "float32"), (np.rint(FLOATS[:-1]), "int32"), (WHOLE, "int64"), (FLOATS, "float64")],
    "clip": [(FLOATS, -1.0, 2.0), (WHOLE, -128, 127)],
    "concatenate": [([TABLE, TABLE], 0), ([TABLE, TABLE[:, :1]], -1)],
    "cos": [(FLOATS[1:10].astype(np.float64),)],
    "erf": [(FLOATS[1:10].astype(np.float64),)],
    "exp": [(FLOATS[1:10].astype(np.float64),)],
    "expand_dims": [(TABLE, 0), (TABLE, -1)],
    "expm1": [(FLOATS[1:10].astype(np.float64),)],
    "floor": [(FLOATS,)],
    "floor_divide": [(WHOLE[1:], 7), (WHOLE[1:], -2)],
    "frexp": [(np.abs(FLOATS),)],
    "log": [(np.abs(FLOATS[6:]).astype(np.float64),)],
    "log1p": [(np.abs(FLOATS).astype(np.float64),)],
    "max": [(TABLE, 0), (FLOATS,), (TABLE, (0, 1))],
    "maximum": [(FLOATS, np.float32(0.5)), (WHOLE, WHOLE[::-1].copy())],
    "minimum": [(FLOATS, np.float32(0.5)), (WHOLE, WHOLE[::-1].copy())],
    "power": [(FLOATS[:10].astype(np.float64), np.float64(2)), (np.abs(FLOATS).astype(np.float64), np.float64(0.5))],
    "reshape": [(TABLE, (3, 8)), (TABLE, (-1,))],
    "right_shift": [(WHOLE, 1), (WHOLE, np.abs(WHOLE) % 31), (WHOLE.astype(np.int64), 40)],
    "round": [(FLOATS,), (FLOATS.astype(np.float64),)],
    "sign": [(FLOATS,), (WHOLE,)],
    "sin": [(FLOATS[1:10].astype(np.float64),)],
    "sqrt": [(np.abs(FLOATS),), (np.abs(FLOATS).astype(np.float64),)],
    "stack": [([TABLE[0], TABLE[1]],)],
    "sum": [(TABLE, 0), (WHOLE.astype(np.int64), None)],
    "sum_in_order": [(TABLE,), (np.resize(FLOATS, (2, 300)),)],
    "take": [(FLOATS, np.array([0, 3, 3])), (TABLE, np.array([2, 0]), 1)],
    "tan": [(np.linspace(-1.5, 1.5, 9),)],
    "tanh": [(FLOATS.astype(np.float64),)],
    "trunc": [(FLOATS,)],
    "where": [(FLOATS > 0, FLOATS, np.float32(7))],
    "zeros_like": [(TABLE,)],
}
# Libraries differ in the last bit of these; what is built on them rounds far coarser.
ROUNDED = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "erf", "exp", "expm1", "log", "log1p",
    "power", "sin", "tan", "tanh",
)  # fmt: skip


def of_keras(value):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, value)


def same(name, arguments):
    expected = getattr(numpy_arrays, name)(*arguments)
    found = of_keras(getattr(keras_arrays, name)(*arguments))
    for a, b in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
        if name in ROUNDED:
            np.testing.assert_allclose(a, b, rtol=1e-15)
        else:
            np.testing.assert_array_equal(a, np.asarray(b))


def test_every_name_is_there_and_tested():
    assert set(numpy_arrays.__all__) <= set(keras_arrays.__all__)
    assert set(numpy_arrays.__all__) == set(CALLS)


@pytest.mark.parametrize(
    ("name", "arguments"), [(name, arguments) for name, calls in CALLS.items() for arguments in calls]
)
def test_the_same_values(name, arguments):
    same(name, arguments)


def floats(dtype, **bounds):
    width = np.dtype(dtype).itemsize * 8
    options = {"width": width, "allow_nan": False, "allow_infinity": False, "allow_subnormal": False, **bounds}
    return generated(dtype, st.integers(1, 20), elements=st.floats(**options))


@given(st.sampled_from([np.float32, np.float64]).flatmap(lambda dtype: floats(dtype, min_value=0, max_value=2.0**126)))
def test_frexp(x):
    fraction, exponent = of_keras(keras_arrays.frexp(keras.ops.convert_to_tensor(x)))
    np.testing.assert_array_equal(np.ldexp(fraction, exponent), x)
    same("frexp", (x,))


@given(st.integers(1, 40).map(lambda n: 2.0**-n), st.integers(-(2**22), 2**22))
def test_round_halves_to_even(step, count):
    x = np.array([count + 0.5, count + 0.5 - step, count + 0.5 + step, count], np.float32)
    same("round", (x,))
    assert numpy_arrays.round(x)[0] % 2 == 0


@given(generated(np.int32, st.integers(1, 20), elements=st.integers(-(2**31), 2**31 - 1)), st.integers(0, 31))
def test_right_shift_is_arithmetic(x, by):
    same("right_shift", (x, by))
    assert of_keras(keras_arrays.right_shift(x, by)).tolist() == [int(v) >> by for v in x]


@given(generated(np.int64, st.integers(1, 20), elements=st.integers(-(2**62), 2**62)), st.integers(0, 62))
def test_right_shift_of_64_bits(x, by):
    assert of_keras(keras_arrays.right_shift(x, np.int64(by))).tolist() == [int(v) >> by for v in x]


@given(st.sampled_from([1, 2, 3, 17]), st.integers(0, 2**32 - 1))
def test_sums_in_order_round_at_every_step(length, seed):
    x = np.random.default_rng(seed).normal(0, 1e3, (3, length)).astype(np.float32)
    same("sum_in_order", (x,))
    total = np.float32(0)
    for value in x[0]:
        total = np.float32(total + value)
    assert of_keras(keras_arrays.sum_in_order(x))[0] == total
