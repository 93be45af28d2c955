"""REDUCE_ALL against the real runtimes."""

import numpy as np
import pytest

from tests.ops.harness import RUNTIMES, check, model_of
from tests.ops.reductions import along_all_axes, reduction
from tfq import Unsupported
from tfq.interpreter import Interpreter

pytestmark = pytest.mark.parity

CASES = along_all_axes("REDUCE_ALL", type="BOOL", version=1)


@pytest.mark.parametrize("numerics", RUNTIMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_reduce_all(case, numerics):
    x = case.inputs[0]
    for share in (0.1, 0.9):
        values = np.random.default_rng(3).random((case.samples * x.shape[0], *x.shape[1:])) < share
        check(case, numerics, [values])


@pytest.mark.parametrize(
    ("case", "numerics", "words"),
    ((reduction("REDUCE_ALL", "int8"), "litert", "input type must be"),),
    ids=str,
)
def test_refusals(case, numerics, words):
    with pytest.raises(Unsupported, match=words):
        Interpreter(model_of(case), numerics=numerics)
