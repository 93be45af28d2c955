"""Blocks of rows give what the whole gives."""

import numpy as np
import pytest

from tfq.ops import blocks
from tfq.ops.blocks import by_rows

SHAPES = (
    ((40, 3),),
    ((40, 3), (40, 3)),
    ((40, 3), (1, 3)),
    ((1, 3), (40, 3)),
    ((40, 3), (3,)),
    ((40, 1), (40, 3)),
    ((3,), (40, 3), ()),
    ((1, 40, 3), (1, 40, 3)),
    ((120,),),
    ((),),
    ((0, 3),),
)


@pytest.mark.parametrize("block", [1, 7, 30, 1000])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_as_the_whole(shapes, block, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", block)
    arrays = [np.random.default_rng(i).integers(-9, 9, shape) for i, shape in enumerate(shapes)]
    got = by_rows(lambda *parts: np.asarray(sum(parts)), *arrays)
    want = np.asarray(sum(arrays))
    assert got.shape == want.shape and np.array_equal(got, want)


def test_blocks_are_small():
    seen = []
    by_rows(lambda x: seen.append(x.size) or x, np.zeros((1000, 1000), np.int8))
    assert sum(seen) == 10**6 and max(seen) <= blocks.BLOCK
