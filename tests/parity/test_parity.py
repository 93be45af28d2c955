"""Where two arithmetics part: the op, the element, what it adds by itself and what it inherits."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

import tfq
from tests.parity.models import OPS, Fault, doubled, network, runtime
from tfq.interpreter import Interpreter
from tfq.parity import compare as comparing
from tfq.parity import parity
from tfq.runtimes import RUNTIMES, RuntimeDied, RuntimeRefused
from tfq.tflite import read, write

NETWORK = network()


def one(report, name="xnnpack"):
    return next(result for result in report.runtimes if result.runtime == name)


def counts(result):
    """Op index -> (own differing, total differing)."""
    return {op.index: (op.own.different, op.total.different) for op in result.ops}


def test_it_is_a_public_function():
    assert tfq.parity(NETWORK, runtimes={"tflm": runtime("tflm")}, samples=2).ok


@pytest.mark.parametrize("name", RUNTIMES)
def test_an_honest_runtime_is_equal(name):
    report = parity(NETWORK, runtimes={name: runtime(name)}, samples=7)
    result = one(report, name)
    assert report.ok and result.status == "equal" and result.first is None
    assert (report.samples, result.samples) == (7, 7)
    assert result.outputs.compared == 7 * 3
    assert result.tensors.compared == 7 * (64 + 64 + 64 + 64 + 3)
    assert counts(result) == dict.fromkeys(range(5), (0, 0))


@pytest.mark.parametrize("index", range(len(OPS)))
def test_a_wrong_op_is_found(index):
    fault = Fault(OPS[index], element=2, by=3)
    report = parity(NETWORK, runtimes={"xnnpack": runtime(faults=[fault])}, samples=6)
    result = one(report)
    assert not report.ok and result.status == "differs"
    assert (result.first.index, result.first.code) == (index, OPS[index])
    assert (result.first.own.different, result.first.own.largest) == (6, 3)
    element = result.first.own.first
    assert np.ravel_multi_index(element.position, read(NETWORK).main.tensors[OUTPUTS[index]].shape[1:]) == 2
    assert element.sample == 0 and abs(element.expected - element.received) == 3
    assert [own for own, _ in counts(result).values()] == [6 if k == index else 0 for k in range(5)]
    assert all(total == 0 for k, (_, total) in counts(result).items() if k < index)


OUTPUTS = [op.outputs[0] for op in read(NETWORK).main.operators]


def test_own_error_apart_from_inherited():
    faults = [Fault("CONV_2D", element=5, by=40), Fault("FULLY_CONNECTED", element=1, by=1)]
    result = one(parity(NETWORK, runtimes={"xnnpack": runtime(faults=faults)}, samples=4))
    found = counts(result)
    assert [own for own, _ in found.values()] == [4, 0, 0, 0, 4]
    assert found[1][1] > 0 and found[2][1] > 0  # the depthwise and the sum inherit
    assert result.first.index == 0


def test_a_hidden_tensor_is_laid_to_the_next_that_is_shown():
    fake = runtime(faults=[Fault("DEPTHWISE_CONV_2D", by=30)], hidden=["depthwise"])
    result = one(parity(NETWORK, runtimes={"xnnpack": fake}, samples=2))
    assert 1 not in counts(result)
    assert result.first.code == "ADD"


def test_a_difference_that_only_the_deployed_form_has():
    fake = runtime(deployed=[Fault("FULLY_CONNECTED")])
    report = parity(NETWORK, runtimes={"xnnpack": fake}, samples=2)
    assert one(report).status == "differs" and one(report).first is None
    assert (one(report).outputs.different, one(report).tensors.different) == (2, 0)
    assert "no op differs by itself" in str(report)


def raising(error, only_with_tensors=False):
    honest = runtime()

    def run(content, inputs, all_tensors):
        if all_tensors or not only_with_tensors:
            raise error
        return honest(content, inputs, all_tensors)

    return run


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeDied("signal 11"), "died"), (RuntimeRefused("no such op"), "refused")], ids=str
)
def test_a_death_or_refusal_is_reported_and_the_others_go_on(error, status):
    report = parity(NETWORK, runtimes={"litert": raising(error), "tflm": runtime("tflm")}, samples=3)
    assert not report.ok
    assert (one(report, "litert").status, one(report, "litert").reason) == (status, str(error))
    assert one(report, "tflm").status == "equal"
    assert str(error) in str(report)


def test_without_tensors_the_outputs_are_compared():
    report = parity(NETWORK, runtimes={"xnnpack": raising(RuntimeDied("signal 6"), only_with_tensors=True)}, samples=3)
    result = one(report)
    assert report.ok and result.outputs.compared == 9 and not result.ops
    assert "signal 6" in result.reason


def test_a_runtime_that_is_not_installed_does_not_count(monkeypatch):
    monkeypatch.setattr(comparing, "available", lambda name: "not on this system")
    report = parity(NETWORK, runtimes={"xnnpack": runtime(), "tflm": None}, samples=2)
    assert report.ok
    assert (one(report, "tflm").status, one(report, "tflm").reason) == ("not available here", "not on this system")
    alone = parity(NETWORK, runtimes=["tflm"], samples=2)
    assert not alone.ok and "nothing compared" in str(alone)


def test_small_chunks_give_the_same_report(monkeypatch):
    fakes = {"xnnpack": runtime(faults=[Fault("ADD", by=2)])}
    whole = parity(NETWORK, runtimes=fakes, samples=9)
    sizes = []

    def watched(content, inputs, all_tensors):
        sizes.append(len(inputs[0]))
        return fakes["xnnpack"](content, inputs, all_tensors)

    monkeypatch.setattr(comparing, "CHUNK_BYTES", 600)
    monkeypatch.setattr(comparing, "QUICK", np.inf)
    assert parity(NETWORK, runtimes={"xnnpack": watched}, samples=9) == whole
    assert sizes == [1, 1, 2, 2, 2, 2, 2, 2, 2, 2]


def test_a_later_sample_is_counted_over_the_whole_run(monkeypatch):
    monkeypatch.setattr(comparing, "CHUNK_BYTES", 600)
    monkeypatch.setattr(comparing, "QUICK", np.inf)
    data = np.random.default_rng(0).integers(-128, 128, (5, 4, 4, 2)).astype(np.int8)

    def late(content, inputs, all_tensors):
        wrong = [Fault("ADD")] if (inputs[0] == data[3]).all((1, 2, 3)).any() else []
        result = runtime(faults=wrong)(content, inputs, all_tensors)
        return result

    element = one(parity(NETWORK, data, runtimes={"xnnpack": late})).first.own.first
    assert element.sample == 3  # chunks: 0, 1 and 2, 3 and 4; the fake spoils the whole chunk


def test_progress_runs_to_the_end(monkeypatch):
    monkeypatch.setattr(comparing, "QUICK", np.inf)
    seen = []
    fakes = {"litert": runtime("litert"), "xnnpack": runtime()}
    parity(NETWORK, runtimes=fakes, samples=4, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 8) for n in (1, 3, 4, 5, 7, 8)]


def test_an_op_that_tfq_lacks_is_an_error_that_names_it():
    model = read(doubled())
    strange = replace(model.main.operators[0], code="CUSTOM", custom_code="my_op", options={})
    graph = replace(model.main, operators=(strange,))
    with pytest.raises(tfq.TfqError, match="my_op"):
        parity(write(replace(model, subgraphs=(graph,))), runtimes={"xnnpack": runtime()})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"runtimes": ["xnpack"]}, "litert, xnnpack, tflm, received 'xnpack'"),
        ({"samples": 0}, "samples: expected at least 1, received 0"),
        ({"data": np.zeros((2, 4, 4, 3))}, r"input 'x': expected shape \(N, 4, 4, 2\), received \(2, 4, 4, 3\)"),
        ({"data": np.full((1, 4, 4, 2), np.nan)}, "NaN"),
        ({"data": np.full((1, 4, 4, 2), 200)}, r"must be in \[-128, 127\], received \[200, 200\]"),
        ({"data": np.zeros((1, 4, 4, 2), np.uint8)}, "expected floats to quantize, or int8, received uint8"),
        ({"data": {"a": np.zeros(1), "b": np.zeros(1)}}, "nothing for input image; received a, b"),
        ({"data": [np.zeros(1), np.zeros(1)]}, "expected 1 arrays"),
        ({"data": "no/such.npy"}, "no/such.npy: cannot be read"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_use(arguments, message):
    with pytest.raises(tfq.TfqError, match=message):
        parity(NETWORK, **({"runtimes": {"xnnpack": runtime()}} | arguments))


def test_every_form_of_data_is_the_same_integers(tmp_path):
    stored = np.arange(-96, 96, 2).reshape(3, 4, 4, 2).astype(np.int8)
    real = (stored.astype(np.float32) - 3) * np.float32(0.05)
    np.save(tmp_path / "x.npy", stored)
    np.savez(tmp_path / "x.npz", image=real)
    forms = [stored, real, real.astype(np.float64), stored.astype(np.int64), {"image": stored}, [stored]]
    forms += [{"x": real}, tmp_path / "x.npy", str(tmp_path / "x.npz")]
    for form in forms:
        seen = []

        def spy(content, inputs, all_tensors, seen=seen):
            seen.extend([] if all_tensors else inputs)
            return runtime()(content, inputs, all_tensors)

        assert parity(NETWORK, form, runtimes={"xnnpack": spy}).ok
        found = np.concatenate(seen)
        assert np.array_equal(found, stored) and found.dtype == np.int8


def test_a_run_directory_means_its_file(tmp_path):
    folder = tmp_path / "export" / "mnist"
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(NETWORK)
    assert parity(tmp_path, runtimes={"xnnpack": runtime()}, samples=1).model == "model.tflite"
    (folder / "other.tflite").write_bytes(NETWORK)
    with pytest.raises(
        tfq.TfqError, match=r"expected one \.tflite .* found export/mnist/model\.tflite, export/mnist/oth"
    ):
        parity(tmp_path)


def test_the_text_fits_100_columns_and_says_where():
    text = str(parity(NETWORK, runtimes={"xnnpack": runtime(faults=[Fault("ADD", by=2)])}, samples=2))
    assert "first op that differs: 2 ADD 'sum', sample 0 [0, 0, 0]: tfq " in text
    assert text.splitlines()[-1] == "parity fails"
    assert max(map(len, text.splitlines())) <= 100


def test_json_has_every_figure():
    report = parity(
        NETWORK, runtimes={"xnnpack": runtime(faults=[Fault("ADD")]), "litert": runtime("litert")}, samples=2
    )
    found = json.loads(report.to_json())
    assert found["ok"] is False and found["first"] == {"xnnpack": 2, "litert": None}
    assert found["runtimes"][0]["ops"][2]["own"]["different"] == 2


def test_junit_is_valid_xml(tmp_path):
    fakes = {"litert": runtime("litert"), "xnnpack": runtime(faults=[Fault("ADD")])}
    fakes["tflm"] = raising(RuntimeDied("signal 11 \x00\x1b[0m <&>\ud800"))
    report = parity(NETWORK, runtimes=fakes, samples=2)
    report.to_junit(tmp_path / "parity.xml")
    root = ElementTree.parse(tmp_path / "parity.xml").getroot()
    suite = root.find("testsuite")
    assert (root.tag, suite.get("tests"), suite.get("failures")) == ("testsuites", "3", "2")
    cases = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    assert cases["litert"] is None
    assert "2 ADD 'sum'" in cases["xnnpack"].get("message")
    assert cases["tflm"].get("type") == "died" and "<&>" in cases["tflm"].get("message")


@pytest.mark.parity
@pytest.mark.parametrize("name", RUNTIMES)
def test_the_real_runtimes_agree(name, tmp_path):
    result = one(parity(NETWORK, runtimes=[name], samples=12, reproducer=tmp_path), name)
    if result.status == "not available here":
        pytest.skip(result.reason)
    assert result.status == "equal", result
    assert len(result.ops) == 5 and result.tensors.compared == 12 * 259
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parity
def test_another_runtimes_arithmetic_is_told_apart():
    """LiteRT's default held against the tflm profile: the two round differently, and the report says where."""
    result = one(parity(NETWORK, runtimes={"tflm": comparing.real_runtime("xnnpack")}, samples=64), "tflm")
    assert result.status == "differs" and result.first.own.largest == 1
    mine = Interpreter(NETWORK, numerics="tflm")
    assert result.first.code in {step.node.operator.code for step in mine.steps}
