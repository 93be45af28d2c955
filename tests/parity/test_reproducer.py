"""The one-op file shows the difference that it was cut out for."""

import numpy as np
import pytest

from tests.parity.models import OPS, Fault, doubled, network, runtime
from tfq.interpreter import Interpreter
from tfq.parity import compare as comparing
from tfq.parity import parity
from tfq.parity.data import load
from tfq.tflite import read

CASES = {code: (network(), code) for code in OPS} | {"one input read twice": (doubled(), "ADD")}


@pytest.mark.parametrize("name", CASES)
def test_it_reproduces(name, tmp_path):
    content, code = CASES[name]
    wrong = runtime(faults=[Fault(code, element=2, by=2)])
    report = parity(content, runtimes={"xnnpack": wrong}, samples=4, reproducer=tmp_path)
    (folder,) = tmp_path.iterdir()
    assert report.reproducers == (str(folder),) and str(folder.name) in str(report)
    model = (folder / "model.tflite").read_bytes()
    assert [op.code for op in read(model).main.operators] == [code]
    expected, received = np.load(folder / "expected.npy"), np.load(folder / "received.npy")
    assert np.count_nonzero(expected != received) == 1
    (given,) = folder.glob("input.np*")
    named = load(given)
    inputs = [named[i.name] for i in Interpreter(model).inputs] if isinstance(named, dict) else [named]
    assert (given.suffix == ".npy") == (len(inputs) == 1)
    assert np.array_equal(Interpreter(model, numerics="xnnpack").run(inputs)[0], expected)
    assert np.array_equal(wrong(model, inputs, False).outputs[0], received)
    again = parity(folder / "model.tflite", given, runtimes={"xnnpack": wrong})
    assert again.runtimes[0].first.code == code
    readme = (folder / "README.md").read_text()
    assert f"tfq parity model.tflite --data {given.name} --runtime xnnpack" in readme
    assert "The op alone shows the difference" in readme


def test_the_first_sample_that_differs_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(comparing, "QUICK", np.inf)  # chunks of 1, 2, 2 samples
    data = np.random.default_rng(1).integers(-128, 128, (5, 4, 4, 2)).astype(np.int8)

    def late(content, inputs, all_tensors):
        """Wrong in the last sample only."""
        honest, wrong = (runtime(faults=f)(content, inputs, all_tensors) for f in ((), (Fault("CONV_2D"),)))
        if np.array_equal(inputs[0][-1:], data[4:]) and len(inputs[0]) > 1:
            for index, array in honest.tensors.items():
                array[-1:] = wrong.tensors[index][-1:]
        return honest

    parity(network(), data, runtimes={"xnnpack": late}, reproducer=tmp_path)
    (folder,) = tmp_path.iterdir()
    assert np.array_equal(np.load(folder / "input.npy"), data[4:])
    assert "does not show the difference" in (folder / "README.md").read_text()


def test_no_difference_leaves_nothing(tmp_path):
    assert parity(network(), runtimes={"xnnpack": runtime()}, samples=2, reproducer=tmp_path / "new").ok
    assert not (tmp_path / "new").exists()
