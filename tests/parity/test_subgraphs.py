"""Parity of models that keep state, loop, or find their shapes while they run."""

import numpy as np
import pytest

from tests.interpreter import graphs
from tests.ops.harness import RUNTIMES
from tfq import runtimes
from tfq.parity import parity
from tfq.runtimes import Result

MODELS = {
    "counter": graphs.counter(),
    "doubling": graphs.doubling(4),
    "choice": graphs.choice(),
    "composite": graphs.composite(),
    "shape": graphs.flattened(),
}


@pytest.mark.parity
@pytest.mark.parametrize("name", MODELS)
def test_the_real_runtimes_are_equal(name):
    available = [runtime for runtime in RUNTIMES if runtimes.available(runtime) is None]
    for result in parity(MODELS[name], samples=5, runtimes=available).runtimes:
        # TFLite Micro has no composites.
        if (name, result.runtime) == ("composite", "tflm"):
            continue
        assert result.status == "equal", result
        assert result.outputs.compared > 0


@pytest.mark.parity
@pytest.mark.parametrize("numerics", ["litert", "xnnpack"])
def test_a_computed_operand(numerics):
    if reason := runtimes.available(numerics):
        pytest.skip(reason)
    data = [np.arange(6, dtype=np.int8).reshape(1, 2, 3), np.int32([2, 0, 1])]
    result = parity(graphs.chosen_axis(), data, runtimes=[numerics]).runtimes[0]
    assert result.status == "equal" and result.outputs.compared == 6


def test_a_difference_in_a_later_sample_of_a_sequence_is_found():
    def forgetful(content, inputs, all_tensors):
        """Answers as if each sample were the first."""
        x = inputs[0]
        before = np.repeat(np.float32([[10, 20]]), len(x), 0)
        return Result([before + x], {2: before, 3: before + x} if all_tensors else {}, 0.0, "fake 1.0")

    x = np.float32([[1, 2], [3, 4], [5, 6]])
    result = parity(graphs.counter(), x, runtimes={"litert": forgetful}).runtimes[0]
    assert result.status == "differs" and result.outputs.different == 4
    assert (result.first.code, result.first.own.different, result.first.own.first.sample) == ("READ_VARIABLE", 4, 1)
