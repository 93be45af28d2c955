"""STABLEHLO_GATHER against LiteRT: types, axes, beginnings outside, indices of each run."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, Case
from tests.ops.movers import LITERT_KERNELS, agree, check_alone, fed, refuses, tensor

TYPES = ("INT8", "UINT8", "INT16", "INT32", "INT64", "BOOL", "FLOAT32", "FLOAT16")


def case(name, indices, out, shape=(3, 4, 5), type="INT8", index="INT32", **options):
    names = ("offset_dims", "collapsed_slice_dims", "start_index_map", "slice_sizes")
    known = {key: tuple(options[key]) for key in names} | {"index_vector_dim": options["index_vector_dim"]}
    inputs = (tensor("x", shape, type), tensor("i", indices, index))
    return Case(name, "STABLEHLO_GATHER", inputs, (tensor("y", out, type),), known)


ROWS = {
    "offset_dims": (1, 2),
    "collapsed_slice_dims": (0,),
    "start_index_map": (0,),
    "slice_sizes": (1, 4, 5),
    "index_vector_dim": 1,
}
BLOCKS = {
    "offset_dims": (2, 3, 4),
    "collapsed_slice_dims": (),
    "start_index_map": (2, 0),
    "slice_sizes": (1, 2, 3),
    "index_vector_dim": 2,
}
MIXED = {
    "offset_dims": (0, 2),
    "collapsed_slice_dims": (1,),
    "start_index_map": (1, 0),
    "slice_sizes": (2, 1, 5),
    "index_vector_dim": 0,
}
CASES = (
    (case("rows", (4, 1), (4, 4, 5), **ROWS), [[0], [2], [1], [2]]),
    (case("rows outside", (2, 1), (2, 4, 5), **ROWS), [[-5], [9]]),
    (case("no vector axis", (4,), (4, 4, 5), **ROWS), [0, 2, 1, 2]),
    (case("blocks", (2, 2, 2), (2, 2, 1, 2, 3), **BLOCKS), [[[0, 1], [2, 2]], [[1, 0], [9, -1]]]),
    (case("mixed", (2, 3), (2, 3, 5), **MIXED), [[0, 3, 1], [1, 0, 2]]),
    (case("64-bit", (4, 1), (4, 4, 5), index="INT64", **ROWS), [[0], [2], [1], [2]]),
)


@pytest.mark.parametrize("numerics", LITERT_KERNELS)
@pytest.mark.parametrize(("case", "indices"), CASES, ids=lambda value: str(value) if isinstance(value, Case) else "")
def test_stablehlo_gather(case, indices, numerics):
    x = np.random.default_rng(0).integers(-128, 128, (3, 4, 5)).astype(np.int8)
    check_alone(case, numerics, [x, np.asarray(indices, case.inputs[1].dtype)])


@pytest.mark.parametrize("numerics", RUNTIMES)
def test_types(numerics):
    for type in TYPES:
        one = case(type, (4, 1), (4, 4, 5), type=type, **ROWS)
        x = fed(one)[0][:3]
        agree(one, numerics, [x, np.array([[0], [2], [1], [2]], np.int32)], check_alone)


@pytest.mark.parametrize(
    "change",
    [
        {"slice_sizes": (1, 4)},
        {"slice_sizes": (1, 4, 6)},
        {"start_index_map": (0, 1)},
        {"offset_dims": (1, 5)},
        {"collapsed_slice_dims": (3,)},
    ],
    ids=str,
)
def test_refuses(change):
    refuses(case("misfit", (4, 1), (4, 4, 5), **(ROWS | change)), "litert")
