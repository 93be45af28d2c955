"""`bench`: what it reports, not how fast anything is."""

import json

import pytest

import tfq
from tests.interpreter import graphs
from tests.parity.models import OPS, network
from tfq import runtimes
from tfq.interpreter import Interpreter
from tfq.parity import bench as benching
from tfq.parity.bench import bench, profile
from tfq.parity.samples import generate


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "network.tflite"
    path.write_bytes(network())
    return path


@pytest.mark.parity
def test_tfq_and_the_runtimes_side_by_side(model):
    found = bench(model, "litert", batches=(4, 1), seconds=0.1)
    assert [timing.batch for timing in found.tfq] == [1, 4] and found.rounds >= 3
    assert all(timing.milliseconds > 0 for timing in found.tfq)
    if runtimes.available("litert") is None:
        assert all(timing.litert > 0 and timing.xnnpack > 0 for timing in found.tfq)
        assert all(isinstance(time, float) for time in found.runtimes.values())
    assert [(op.index, op.code) for op in found.profile] == list(enumerate(OPS))
    assert sum(op.share for op in found.profile) == pytest.approx(1)
    assert found.profile_batch == 4
    assert json.loads(found.to_json())["tfq"][1]["batch"] == 4
    for part in ("network.tflite", "tfq (litert)", "xnnpack / tfq", "CONV_2D", "at batch 4"):
        assert part in str(found)


def test_a_runtime_that_is_not_here_or_refuses_is_named(model, monkeypatch):
    def refuse(*_):
        raise runtimes.RuntimeRefused("litert: no such op")

    monkeypatch.setattr(benching, "available", lambda name: None if name == "litert" else "not on this system")
    monkeypatch.setattr(benching, "run_runtime", refuse)
    found = bench(model, batches=(1,), seconds=0.1)
    assert found.runtimes == {"litert": "litert: no such op", "xnnpack": "not on this system"}
    assert (found.tfq[0].litert, found.tfq[0].xnnpack) == (None, None)
    assert "not on this system" in str(found)


@pytest.mark.parametrize("content", [graphs.counter(), graphs.doubling(3), graphs.flattened()])
def test_the_profile_of_models_with_state_loops_and_shapes(content):
    interpreter = Interpreter(content)
    inputs = generate(tuple(interpreter.graph.tensors[i] for i in interpreter.graph.inputs), 1, 0)
    times = profile(interpreter, inputs, repeats=2)
    codes = {step.node.operator.code for step in interpreter.steps if step.outputs}
    assert {op.code for op in times} == codes


@pytest.mark.parametrize(("batches", "seconds"), [((), 1), ((0,), 1), ((1,), 0)])
def test_nothing_to_measure(model, batches, seconds):
    with pytest.raises(tfq.TfqError, match="bench: expected batches"):
        bench(model, batches=batches, seconds=seconds)
