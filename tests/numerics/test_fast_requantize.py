"""Each fast form of requantization equals the definition: around every step of the staircase, on ties, at the ends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfq.numerics import arrays, fast_requantize, rescale
from tfq.numerics.fast_requantize import Definition, Floor, HalfAway, HalfEven, TwoRoundings

SCHEMES = {"two roundings": rescale.TWO_ROUNDINGS, "float32": rescale.FLOAT32, "float64": rescale.FLOAT64_AWAY}
FORMS = {"two roundings": TwoRoundings, "float32": HalfEven, "float64": HalfAway}


def both(scheme, real, zero_point, clamp, bias, bounds, acc):
    """(the form, what it gives, what the definition gives). real: per channel; acc: int64 [rows, channels]."""
    real, bias, bounds = np.asarray(real, np.float64), np.asarray(bias, np.int64), np.asarray(bounds, np.int64)
    if scheme is rescale.FLOAT64_AWAY:
        constants = real
    elif scheme is rescale.FLOAT32:
        constants = real.astype(np.float32)
    else:
        constants = rescale.fixed_point.quantize_multiplier(arrays, real)
    form = fast_requantize.prepare(scheme, constants, zero_point, clamp, bias, bounds)
    plain = Definition(scheme, constants, zero_point, clamp, bias, wraps=True)
    got, expected = np.empty(acc.shape, np.int8), np.empty(acc.shape, np.int8)
    plain(acc, expected)
    form(acc.astype(np.float32 if bounds.max() <= 2**24 else np.float64), got)
    return form, got, expected


def around_the_steps(rng, real, zero_point, bias, bounds):
    """Accumulators beside every place where the stored integer changes, and the ends of their range."""
    steps = np.arange(-140, 140)[:, None] - 0.5 - zero_point
    near = np.rint(steps / np.maximum(real, 1e-12)) - bias + rng.integers(-2, 3, (280, len(real)))
    ends = np.stack([-bounds, bounds, 0 * bounds, -bias, -bias + 1, -bias - 1])
    random = rng.integers(-bounds, bounds + 1, (100, len(real)))
    return np.clip(np.concatenate([near, ends, random]), -bounds, bounds).astype(np.int64)


def log_uniform(rng, low, high, size):
    return 2.0 ** rng.uniform(low, high, size)


@pytest.mark.parametrize("name", SCHEMES)
@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    low=st.sampled_from((-33, -20, -14, -9, -6)),
    ties=st.booleans(),
    zero_point=st.sampled_from((-128, -127, -5, 0, 3, 127)),
    clamp=st.sampled_from(((-128, 127), (0, 127), (-128, 20), (5, 5), (127, 127))),
    log_bound=st.integers(1, 30),
    log_bias=st.integers(0, 30),
)
def test_equal_to_the_definition(name, seed, low, ties, zero_point, clamp, log_bound, log_bias):
    rng = np.random.default_rng(seed)
    channels = int(rng.integers(1, 40))
    real = log_uniform(rng, low, low + 8, channels)
    if ties:
        real = 2.0 ** np.rint(np.log2(real))
    bounds = rng.integers(1, 2**log_bound, channels, endpoint=True)
    bias = rng.integers(-(2**log_bias), 2**log_bias, channels, endpoint=True)
    if zero_point >= 0 and rng.integers(2):
        clamp = (max(clamp[0], zero_point), max(clamp[1], zero_point))
    acc = around_the_steps(rng, real, zero_point, bias, bounds)
    _, got, expected = both(SCHEMES[name], real, zero_point, clamp, bias, bounds, acc)
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("clamp", [(-128, 127), (-128, 20)])
def test_the_usual_layer_gets_the_fast_form(name, clamp):
    """A channel count that does not divide the run of constants, rows that leave a rest, both signs and one sign."""
    rng = np.random.default_rng(0)
    real = log_uniform(rng, -11, -6, 37)
    bounds, bias = np.full(37, 2**21), rng.integers(-(2**15), 2**15, 37)
    for zero_point in (-128, 3):
        acc = rng.integers(-(2**17), 2**17, (1234, 37))
        form, got, expected = both(SCHEMES[name], real, zero_point, clamp, bias, bounds, acc)
        assert isinstance(form, FORMS[name])
        assert np.array_equal(got, expected)
        if name == "two roundings":
            assert (form.second is None) == (zero_point == -128)


def test_every_accumulator_of_a_tie_making_layer():
    """Exhaustive: multipliers that are powers of two and their neighbours, all accumulators within 2**14."""
    real = np.concatenate(
        [2.0 ** -np.arange(0, 14), 2.0 ** -np.arange(1, 14) * (1 - 2.0**-31), 2.0 ** -np.arange(1, 14) * 1.5]
    )
    acc = np.broadcast_to(np.arange(-(2**14), 2**14 + 1)[:, None], (2**15 + 1, len(real)))
    for name, scheme in SCHEMES.items():
        for zero_point, clamp in ((-128, (-128, 127)), (0, (-128, 127)), (7, (7, 100))):
            form, got, expected = both(scheme, real, zero_point, clamp, 0 * real, 2**14 + 0 * real, acc)
            assert isinstance(form, FORMS[name])
            assert np.array_equal(got, expected)


def test_switched_off_channels_do_not_slow_the_layer_down():
    """As the converter writes them: weights 0 or tiny, bias near 2**30, multiplier down to 2**-32."""
    real = np.asarray([0.003, 2.0**-27, 2.0**-31, 2.0**-40, 0.004])
    bias = np.asarray([100, 2**30, 2**29, 2**30, -5])
    bounds = np.asarray([2**20, 0, 3, 2**20, 2**20])
    acc = around_the_steps(np.random.default_rng(0), real, -128, bias, bounds)
    form, got, expected = both(rescale.TWO_ROUNDINGS, real, -128, (-128, 127), bias, bounds, acc)
    assert isinstance(form, TwoRoundings) and form.second is None
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_sum_that_leaves_int32_wraps(name):
    bias, bounds = np.asarray([2**31 - 1, -(2**31)]), np.asarray([1000, 1000])
    acc = np.asarray([[0, 0], [1, -1], [1000, -1000], [-1000, 1000]])
    form, got, expected = both(SCHEMES[name], [2.0**-25, 2.0**-25], 0, (-128, 127), bias, bounds, acc)
    assert isinstance(form, Definition)
    assert got.tolist() == expected.tolist() == [[64, -64], [-64, 64], [-64, 64], [64, -64]]


WIDE = {
    "two roundings": (rescale.TWO_ROUNDINGS, 32, TwoRoundings),
    "float64": (rescale.FLOAT64_AWAY, 32, HalfAway),
    "float64, 64 bits": (rescale.FLOAT64_AWAY, 64, HalfAway),
    "fifteen bits": (rescale.FIFTEEN_BITS, 64, Floor),
}


@pytest.mark.parametrize("name", WIDE)
@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    low=st.sampled_from((-30, -20, -12, -6, -1)),
    ties=st.booleans(),
    clamp=st.sampled_from(((-32768, 32767), (0, 32767), (0, 600), (-5, 90))),
    log_bound=st.integers(1, 30),
    log_bias=st.integers(0, 30),
)
def test_16_bit_outputs(name, seed, low, ties, clamp, log_bound, log_bias):
    scheme, bits, _ = WIDE[name]
    rng = np.random.default_rng(seed)
    real = log_uniform(rng, low, low + 5, 9)
    real = 2.0 ** np.rint(np.log2(real)) if ties else real
    bounds = rng.integers(1, 2**log_bound, 9, endpoint=True)
    bias = rng.integers(-(2**log_bias), 2**log_bias, 9, endpoint=True)
    form, got, expected = both_16(scheme, bits, real, clamp, bias, bounds, around(rng, real, bias, bounds))
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("name", WIDE)
def test_the_usual_16_bit_layer_gets_the_fast_form(name):
    scheme, bits, expected_form = WIDE[name]
    rng = np.random.default_rng(0)
    real, bounds = log_uniform(rng, -12, -6, 9), np.full(9, 2**21)
    bias = rng.integers(-(2**15), 2**15, 9)
    form, got, expected = both_16(scheme, bits, real, (-32768, 32767), bias, bounds, around(rng, real, bias, bounds))
    assert isinstance(form, expected_form)
    assert np.array_equal(got, expected)


def around(rng, real, bias, bounds):
    """Accumulators beside places where the stored 16-bit integer changes."""
    steps = rng.integers(-33000, 33000, (2000, 9)) - 0.5
    near = np.rint(steps / real) - bias + rng.integers(-2, 3, (2000, 9))
    return np.clip(near, -bounds, bounds).astype(np.int64)


def both_16(scheme, bits, real, clamp, bias, bounds, acc):
    """(the form, what it gives, what the definition gives), int16."""
    constants = real if scheme is rescale.FLOAT64_AWAY else rescale.fixed_point.quantize_multiplier(arrays, real)
    form = fast_requantize.prepare(scheme, constants, 0, clamp, bias, bounds, bits)
    got, expected = np.empty(acc.shape, np.int16), np.empty(acc.shape, np.int16)
    Definition(scheme, constants, 0, clamp, bias, wraps=bits == 32)(acc, expected)
    form(acc.astype(np.float64), got)
    return form, got, expected


def test_what_no_int32_holds_is_its_minimum_and_the_zero_point_wraps():
    acc, bias = np.asarray([[2.0**30], [-(2.0**30)]]), np.zeros(1, np.int64)
    for zero_point, stored in ((-3, 127), (0, -128), (3, -128)):
        form = fast_requantize.prepare(rescale.FLOAT64_AWAY, 8.0, zero_point, (-128, 127), bias, bias + 2**30)
        out = np.empty((2, 1), np.int8)
        form(acc, out)
        assert out.tolist() == [[stored], [stored]]
