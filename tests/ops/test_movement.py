"""Operands that the run computes: XNNPACK takes no such op, so that 8-bit grids may differ in LiteRT's default too."""

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.movers import LITERT_KERNELS, check_alone, tensor, values
from tfq.numerics.profiles import PROFILES
from tfq.ops import movement
from tfq.ops.contract import Node
from tfq.tflite import Operator

OTHER = (0.2, 7)


def case(code, inputs, outputs, options=None, version=1):
    tensors = tuple(tensor(f"y{i}", shape, grid=OTHER) for i, shape in enumerate(outputs))
    return Case(code, code, inputs, tensors, options or {}, version)


X = tensor("x", (1, 4, 6))
INTS = {
    name: tensor(name, shape, "INT32") for name, shape in (("axis", ()), ("a", (3,)), ("b", (3,)), ("pairs", (3, 2)))
}
CASES = (
    (case("TRANSPOSE", (X, INTS["a"]), [(1, 6, 4)]), ((0, 2, 1),)),
    (case("PAD", (X, INTS["pairs"]), [(1, 7, 7)]), (((0, 0), (1, 2), (0, 1)),)),
    (case("SLICE", (X, INTS["a"], INTS["b"]), [(1, 2, 4)]), ((0, 1, 2), (1, 2, 4))),
    (case("STRIDED_SLICE", (X, INTS["a"], INTS["b"], values("s", (1, 1, 1))), [(1, 2, 4)]), ((0, 1, 2), (1, 3, 6))),
    (case("SPLIT", (INTS["axis"], X), [(1, 2, 6), (1, 2, 6)], {"num_splits": 2}), (1,)),
    (case("RESHAPE", (X, INTS["a"]), [(1, 4, 6)]), ((1, 24, 1),)),
    (case("TILE", (X, INTS["a"]), [(1, 4, 6)]), ((1, 2, 3),)),
    (case("BROADCAST_TO", (tensor("x", (1, 1, 6)), INTS["a"]), [(1, 4, 6)], version=2), ((1, 3, 6),)),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize(("case", "operands"), CASES, ids=lambda value: str(value))
def test_operands_of_a_run(case, operands, numerics):
    given = iter(operands)
    x = np.arange(24, dtype=np.int8).reshape(1, 4, 6)
    inputs = [
        x[:, : t.shape[1]] if t.type == "INT8" else np.asarray(next(given), np.int32)
        for t in case.inputs
        if t.data is None
    ]
    check_alone(case, numerics, inputs)


def test_refusals_name_the_op():
    node = Node(3, Operator("TILE", (0,), (1,)), (tensor("x", (2,)),), (tensor("y", (2,)),))
    with pytest.raises(movement.NeedsValue, match="op 3 TILE 'y'"):
        movement.value_of(node, 0, "x")
    for shape in ((2**14, 2**15), (-1,)):
        with pytest.raises(Exception, match="op 3 TILE 'y': .*output"):
            movement.require_room(node, shape)


def test_types_of_all_profiles():
    names = iter(("INT8", "UINT8", "INT8"))
    assert movement.types_of({profile: (next(names),) for profile in PROFILES.values()}) == ("INT8", "UINT8")
