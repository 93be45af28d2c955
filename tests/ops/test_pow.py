"""POW and ATAN2 against the real runtimes: powers by products and by the C library, angles in every quadrant."""

import numpy as np
import pytest

from tests.ops.elements import check_close
from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.pairs import BROADCASTS, pair
from tfq import Unsupported
from tfq.interpreter import Interpreter

LITERT_ONLY = ("litert", "xnnpack")


def case(name, **more):
    return pair("POW", name, only=LITERT_ONLY, **more)


PRODUCTS = (
    *(case(f"float32 to the {e}", type="FLOAT32", const=e) for e in (1.0, 2.0, 3.0, 7.0, 2.000001)),
    *(case(f"int32 to the {e}", type="INT32", const=e) for e in (1, 2, 5)),
    case("float32 to the 2, rank 5", type="FLOAT32", const=np.full((1, 1, 1, 1, 1), 2.0)),
)
POWERS = (
    case("float32 to the half", type="FLOAT32", const=0.5),
    case("float32 to the -1", type="FLOAT32", const=-1.0),
    case("float32, scalars", type="FLOAT32", shapes=((1,), ()), const=[3.0]),
)
REFUSED = (
    (case("int8"), RUNTIMES),
    (case("float32", type="FLOAT32"), ("tflm",)),
    (pair("ATAN2", "float32", type="FLOAT32"), ("tflm",)),
    (pair("ATAN2", "float32 apart", type="FLOAT32", shapes=((1, 3), (1, 1))), RUNTIMES),
    (pair("ATAN2", "int32", type="INT32"), RUNTIMES),
)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("case", PRODUCTS, ids=str)
def test_products(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("case", POWERS, ids=str)
def test_powers(case, numerics):
    check_close(case, numerics)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("shapes", BROADCASTS.values(), ids=BROADCASTS)
@pytest.mark.parametrize("type", ["INT32", "FLOAT32"])
def test_computed_exponents(type, shapes, numerics):
    powers = case("computed", type=type, shapes=shapes)
    rng = np.random.default_rng(2)
    a = rng.integers(-9, 10, shapes[0]).astype(powers.inputs[0].dtype)
    b = rng.integers(0, 12, shapes[1]).astype(powers.inputs[1].dtype)
    check(powers, numerics, [a, b])


@pytest.mark.parametrize("numerics", LITERT_ONLY)
def test_int32_beyond_the_type(numerics):
    powers = case("beyond", type="INT32", shapes=((1, 4), (1, 4)))
    arrays = [np.array([[2, -2, 100000, -3]], np.int32), np.array([[31, 33, 2, 21]], np.int32)]
    check(powers, numerics, arrays)


@pytest.mark.parametrize("numerics", LITERT_ONLY)
def test_an_exponent_for_each_sample(numerics):
    """What is taken by products alone is taken by products in a batch."""
    powers = case("each", type="FLOAT32", shapes=((1, 5), (1, 1)))
    a = np.float32([[-2.5, 3.1, 1e30, 0.1, 7], [1.1, 2.2, -3.3, 1e20, 5.5]])
    check_close(powers, numerics, [a, np.float32([[3], [2]])])


@pytest.mark.parametrize("numerics", LITERT_ONLY)
@pytest.mark.parametrize("shapes", [((1, 5, 6), (1, 5, 6)), ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5))])
def test_atan2(shapes, numerics):
    check_close(pair("ATAN2", "angles", type="FLOAT32", shapes=shapes), numerics)


def test_refuses_negative_exponents_of_integers():
    powers = case("negative", type="INT32", shapes=((1, 1), (1, 1)))
    with pytest.raises(Unsupported, match="POW 'y'.*negative"):
        Interpreter(model_of(powers), numerics="litert").run([np.array([[2]], np.int32), np.array([[-1]], np.int32)])


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses_what_the_runtime_refuses(case, numerics):
    with pytest.raises(Unsupported, match=f"{case.code} 'y'"):
        Interpreter(model_of(case), numerics=numerics)
