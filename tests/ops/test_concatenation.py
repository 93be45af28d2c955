"""CONCATENATION against the real runtimes: axes, numbers of inputs, constants, and what is refused."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case, activation, check, model_of, weights
from tests.ops.movers import agree, agree_in_types, tensor
from tfq import Unsupported
from tfq.interpreter import Interpreter


def case(name, shapes=((1, 3, 4, 2), (1, 3, 4, 5)), axis=3, *, grids=(), y=(0.1, 3), act="NONE", const=None, **more):
    """grids: (scale, zero point) of inputs that differ from (0.1, 3). const: shape of a constant that comes first."""
    grids = dict(enumerate(grids))
    inputs = [activation(f"x{i}", shape, *grids.get(i, (0.1, 3))) for i, shape in enumerate(shapes)]
    if const is not None:
        inputs.insert(0, weights(np.arange(np.prod(const)).reshape(const).astype(np.int8), 0.1, zero_point=3))
    out = list(inputs[0].shape)
    out[axis] = sum(tensor.shape[axis] for tensor in inputs)
    options = {"axis": axis, "fused_activation_function": act}
    return Case(name, "CONCATENATION", tuple(inputs), (activation("y", out, *y),), options, version=2, **more)


CASES = (
    case("channels"),
    case("channels, negative axis", axis=-1),
    case("rows", ((1, 3, 4, 2), (1, 1, 4, 2), (1, 2, 4, 2)), 1),
    case("batch", ((2, 3), (2, 3)), 0, samples=1),
    case("batch of one", ((1, 3), (1, 3)), 0),
    case("five", ((1, 4),) * 5, 1),
    case("six", ((1, 4),) * 6, 1),
    case("eleven", ((1, 4),) * 11, 1, only=("litert", "xnnpack")),
    case("one", ((1, 4),), 1),
    case("a constant first", ((1, 3, 4),), 1, const=(1, 1, 4)),
    case("rank 5", ((1, 2, 3, 4, 5), (1, 2, 3, 2, 5)), 3),
)

REFUSED = (
    (case("an input's scale", grids=((0.2, 3),)), RUNTIMES),
    (case("an input's zero point", grids=((0.1, 4),)), RUNTIMES),
    (case("the output's scale", y=(0.2, 3)), RUNTIMES),
    (case("an activation", act="RELU"), RUNTIMES),
    (case("eleven", ((1, 4),) * 11, 1), ("tflm",)),
    (case("another axis differs", ((1, 3, 4), (1, 2, 4)), 2), RUNTIMES),
)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_concatenation(case, numerics):
    check(case, numerics)


@pytest.mark.parametrize(("case", "numerics"), [(c, n) for c, names in REFUSED for n in names], ids=str)
def test_refuses(case, numerics):
    with pytest.raises(Unsupported, match="CONCATENATION 'y'"):
        Interpreter(model_of(case), numerics=numerics)


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    def case(type):
        inputs = (tensor("a", (1, 4, 6), type), tensor("b", (1, 3, 6), type))
        return Case(type, "CONCATENATION", inputs, (tensor("y", (1, 7, 6), type),), {"axis": 1}, 1)

    agree_in_types(case, numerics)


@pytest.mark.parametrize("numerics", ("litert", "xnnpack"))
@pytest.mark.parametrize("y", [(0.1, 3), (0.25, 7), (0.0625, 128), (1e-3, 255)], ids=str)
def test_uint8_is_rescaled(y, numerics):
    grids = ((0.1, 3), (0.125, 0), (0.25, 128), (2.0, 255))
    inputs = tuple(activation(f"x{i}", (1, 256), *grid, "UINT8") for i, grid in enumerate(grids))
    codes = np.arange(256, dtype=np.uint8)[None]
    case = Case("rescaled", "CONCATENATION", inputs, (activation("y", (1, 1024), *y, "UINT8"),), {"axis": 1})
    check(case, numerics, [codes] * 4)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("zero_points", [(0, 0, 0), (0, 1, 0), (0, 0, 1)], ids=str)
def test_int16_looks_at_zero_points(zero_points, numerics):
    a, b, y = zip((0.1, 0.2, 0.3), zero_points, strict=True)
    inputs = (tensor("a", (1, 5), "INT16", a), tensor("b", (1, 5), "INT16", b))
    agree(Case("grids", "CONCATENATION", inputs, (tensor("y", (1, 10), "INT16", y),), {"axis": 1}), numerics)
