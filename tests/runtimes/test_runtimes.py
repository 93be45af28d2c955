"""The three real runtimes answer, refuse, crash and dawdle behind one face."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from tfq.errors import TfqError
from tfq.runtimes import RUNTIMES, RuntimeDied, RuntimeRefused, available, run
from tfq.runtimes.child import child_for, stop_all
from tfq.tflite import Model, Operator, Quantization, Subgraph, Tensor, write

pytestmark = pytest.mark.parity
ROOT = Path(__file__).parents[2]


def needs(*names: str) -> list:
    """One parameter a runtime, skipped with its reason where it is not installed."""
    return [
        pytest.param(name, marks=pytest.mark.skipif(available(name) is not None, reason=available(name) or ""))
        for name in names
    ]


def tensor(shape, type_="INT8", scale=1.0, data=None, **more) -> Tensor:
    affine = None if scale is None else Quantization(np.float32([scale]), np.int64([0]))
    return Tensor("", tuple(shape), type_, affine, data, **more)


def pack(tensors, operators, inputs, outputs) -> bytes:
    return write(Model((Subgraph(tuple(tensors), tuple(operators), inputs, outputs),)))


def clipper(lead=1, **more) -> bytes:
    """y = min(max(x, 3), 9) on int8 [lead, 4]; tensor 2 is max(x, 3)."""
    shape = (lead, 4)
    low, high = (tensor((1, 4), data=np.full((1, 4), v, np.int8)) for v in (3, 9))
    return pack(
        [tensor(shape, **more), low, tensor(shape, **more), high, tensor(shape, **more)],
        [Operator("MAXIMUM", (0, 1), (2,), version=2), Operator("MINIMUM", (2, 3), (4,), version=2)],
        (0,),
        (4,),
    )


def larger_of_two() -> bytes:
    """Outputs [max(a, b), min(a, b)] on int8 [1, 2] and [1, 2]."""
    return pack(
        [tensor((1, 2))] * 4,
        [Operator("MAXIMUM", (0, 1), (2,), version=2), Operator("MINIMUM", (0, 1), (3,), version=2)],
        (0, 1),
        (2, 3),
    )


def memory() -> bytes:
    """y = x + the x before it, float32 [1, 1]: SVDF with one filter over two steps."""
    one, two = np.ones((1, 1), np.float32), np.ones((1, 2), np.float32)
    state = tensor((1, 2), "FLOAT32", None, is_variable=True)
    return pack(
        [
            tensor((1, 1), "FLOAT32", None),
            tensor((1, 1), "FLOAT32", None, one),
            tensor((1, 2), "FLOAT32", None, two),
            state,
            tensor((1, 1), "FLOAT32", None),
            tensor((1,), "FLOAT32", None, np.zeros(1, np.float32)),  # TFLM crashes without a bias
        ],
        [Operator("SVDF", (0, 1, 2, 5, 3), (4,), {"rank": 1})],
        (0,),
        (4,),
    )


def filled() -> bytes:
    """An output of the shape that the input, int32 [2], spells."""
    value = tensor((), "INT32", None, np.array(7, np.int32))
    return pack(
        [tensor((2,), "INT32", None), value, tensor((1, 1), "INT32", None)],
        [Operator("FILL", (0, 1), (2,))],
        (0,),
        (2,),
    )


def gelu() -> bytes:
    """An op that tflite-micro does not have."""
    return pack([tensor((1, 4)), tensor((1, 4))], [Operator("GELU", (0,), (1,), version=2)], (0,), (1,))


def overflowing_softmax() -> bytes:
    """5,000 equal entries overflow the fixed-point sum of the reference kernel, which aborts.

    Source: google-ai-edge/LiteRT tflite/kernels/internal/reference/softmax.h.
    """
    out = Tensor("", (1, 5000), "INT8", Quantization(np.float32([1 / 256]), np.int64([-128])))
    softmax = Operator("SOFTMAX", (0,), (1,), {"beta": 1.0}, version=2)
    return pack([tensor((1, 5000), scale=0.1), out], [softmax], (0,), (1,))


def depthwise_without_bias() -> bytes:
    """XNNPACK's delegate takes it and reads a bias that is not there."""
    weights = tensor((1, 3, 3, 2), scale=0.1, data=np.ones((1, 3, 3, 2), np.int8))
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "depth_multiplier": 1}
    depthwise = Operator("DEPTHWISE_CONV_2D", (0, 1), (2,), options, version=3)
    return pack([tensor((1, 5, 5, 2)), weights, tensor((1, 5, 5, 2))], [depthwise], (0,), (2,))


def slow() -> bytes:
    """1.7 billion products a sample, a quarter of a second of the reference kernel's time."""
    shape, weights = (1, 32, 32, 256), np.ones((256, 5, 5, 256), np.int8)
    bias = tensor((256,), "INT32", data=np.zeros(256, np.int32))
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    conv = Operator("CONV_2D", (0, 1, 2), (3,), options, version=3)
    return pack(
        [tensor(shape), tensor(weights.shape, data=weights), bias, tensor(shape, scale=1e4)], [conv], (0,), (3,)
    )


KILLERS = {"litert": overflowing_softmax, "xnnpack": depthwise_without_bias, "tflm": overflowing_softmax}
SIZES = {overflowing_softmax: (1, 5000), depthwise_without_bias: (1, 5, 5, 2)}
MANY = np.ones((80, 32, 32, 256), np.int8)  # samples for slow()
X = np.arange(-4, 8, dtype=np.int8).reshape(3, 4)


@pytest.mark.parametrize("name", needs(*RUNTIMES))
class TestNumbers:
    @pytest.mark.parametrize("lead", [1, 3])
    def test_samples_are_stacked_along_the_first_axis(self, name, lead):
        result = run(name, clipper(lead), [X])
        assert [o.dtype for o in result.outputs] == [np.int8]
        np.testing.assert_array_equal(result.outputs[0], np.clip(X, 3, 9))
        assert result.tensors == {} and result.seconds > 0
        assert result.version.split()[0] in ("ai-edge-litert", "tflite-micro")

    def test_all_tensors_gives_what_lies_between(self, name):
        tensors = run(name, clipper(), [X], all_tensors=True).tensors
        expected = {0: X, 2: np.maximum(X, 3), 4: np.clip(X, 3, 9)}
        assert set(tensors) == set(expected)
        for index, array in expected.items():
            np.testing.assert_array_equal(tensors[index], array)

    def test_inputs_and_outputs_keep_the_order_of_the_file(self, name):
        a, b = np.int8([[1, 5], [0, -9]]), np.int8([[2, 4], [0, 9]])
        larger, smaller = run(name, larger_of_two(), [a, b]).outputs
        np.testing.assert_array_equal(larger, np.maximum(a, b))
        np.testing.assert_array_equal(smaller, np.minimum(a, b))

    @pytest.mark.parametrize("all_tensors", [False, True])
    def test_each_call_starts_from_the_initial_state_and_carries_it_on(self, name, all_tensors):
        x = np.float32([[1], [2], [4]])
        for _ in range(2):
            got = run(name, memory(), [x], all_tensors=all_tensors).outputs[0]
            np.testing.assert_array_equal(got, [[1], [3], [6]])  # each and the one before it

    def test_a_model_put_out_of_the_cache_is_loaded_again(self, name):
        models = [clipper(lead) for lead in range(1, 8)]
        for lead, model in enumerate(models + models[:1], 1):
            x = np.zeros((7 if lead == 8 else lead, 4), np.int8)
            np.testing.assert_array_equal(run(name, model, [x]).outputs[0], x + 3)


@pytest.mark.parametrize("name", needs("litert", "xnnpack"))
def test_a_dimension_left_open_is_resized(name):
    model = clipper(shape_signature=(-1, -1))
    for width in (4, 1, 4):  # a stored width of 4, of which the constants broadcast only to 1
        x = np.zeros((2, width), np.int8)
        np.testing.assert_array_equal(run(name, model, [x]).outputs[0], np.full((2, 4), 3, np.int8))


@pytest.mark.parametrize("name", needs("litert", "xnnpack"))
def test_outputs_whose_shape_depends_on_the_values(name):
    np.testing.assert_array_equal(run(name, filled(), [np.int32([1, 2, 3, 2])]).outputs[0], np.full((4, 2), 7))
    with pytest.raises(TfqError, match="output 0 has another shape in each sample: run the samples one at a time"):
        run(name, filled(), [np.int32([1, 2, 3, 4])])


WRONG_INPUTS = {
    "none": ([], "expected a list of 1 inputs in file order, received 0"),
    "two": ([X, X], "received 2"),
    "no list": (X, "received one array"),
    "dtype": ([X.astype(np.int16)], "input 0 '': expected INT8 .B, 4., received int16 .3, 4."),
    "rank": ([X[0]], "received int8 .4,."),
    "width": ([X[:, :3]], "received int8 .3, 3."),
    "no sample": ([X[:0]], "received int8 .0, 4."),
}


@pytest.mark.parametrize("name", needs(*RUNTIMES))
@pytest.mark.parametrize("case", WRONG_INPUTS)
def test_wrong_inputs_never_reach_the_runtime(name, case, monkeypatch):
    monkeypatch.setattr("tfq.runtimes.child_for", lambda name: pytest.fail("a runtime was asked"))
    inputs, message = WRONG_INPUTS[case]
    with pytest.raises(TfqError, match=message):
        run(name, clipper(), inputs)


NO_MODELS = {"text": b"garbage", "zeros": bytes(1000), "identifier": b"\x18\0\0\0TFL3" + bytes(99), "cut short": None}


@pytest.mark.parametrize("name", needs(*RUNTIMES))
class TestTrouble:
    @pytest.mark.parametrize("raw", NO_MODELS)
    def test_no_model_is_refused(self, name, raw):
        with pytest.raises(RuntimeRefused, match=f"{name}: the runtime refused the model: .+"):
            run(name, NO_MODELS[raw] or clipper()[:200], [X])

    def test_a_death_is_told_and_the_next_call_works(self, name):
        killer = KILLERS[name]
        with pytest.raises(RuntimeDied, match=r"the runtime died \(SIG(ABRT|SEGV|ILL)\)"):
            run(name, killer(), [np.zeros(SIZES[killer], np.int8)])
        np.testing.assert_array_equal(run(name, clipper(), [X]).outputs[0], np.clip(X, 3, 9))

    def test_a_process_that_is_gone_is_replaced(self, name):
        run(name, clipper(), [X])
        child_for(name).process.kill()
        np.testing.assert_array_equal(run(name, clipper(), [X]).outputs[0], np.clip(X, 3, 9))

    def test_the_child_imports_neither_tensorflow_nor_keras(self, name):
        code = f"""
            import sys
            from tfq.runtimes.engines import open_engine
            import tfq.runtimes.worker
            open_engine({name!r}, {clipper()!r}, True, 1 << 20)
            print(sorted({{m.split(".")[0] for m in sys.modules}} & {{"tensorflow", "keras", "tf_keras", "jax"}}))
        """
        assert python(code).communicate(timeout=60)[0] == "[]\n"


@pytest.mark.parametrize("name", needs("tflm"))
def test_the_reason_that_a_runtime_prints_is_passed_on(name):
    with pytest.raises(RuntimeRefused, match="GELU"):
        run(name, gelu(), [X])


@pytest.mark.parametrize("name", needs("litert"))
def test_a_time_limit_ends_the_run(name):
    run(name, clipper(), [X])
    with pytest.raises(RuntimeDied, match=r"no answer within 0\.3 s"):
        run(name, slow(), [MANY], timeout=0.3)
    assert run(name, clipper(), [X]).outputs[0].shape == (3, 4)


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_a_time_limit_is_a_positive_number(bad):
    with pytest.raises(TfqError, match="timeout"):
        run("litert", clipper(), [X], timeout=bad)


def test_a_runtime_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("tfq.runtimes.find_spec", lambda name: None)
    assert available("tflm") == ('tflite-micro is not available here (Linux wheels only): pip install "tfq[tflm]"')
    with pytest.raises(TfqError, match="pip install ai-edge-litert"):
        run("xnnpack", clipper(), [X])


def test_unknown_runtimes_and_paths_are_errors():
    with pytest.raises(TfqError, match="expected one of litert, xnnpack, tflm, received 'onnx'"):
        available("onnx")
    with pytest.raises(TfqError, match="expected the bytes of a .tflite file, received str"):
        run("litert", "model.tflite", [X])


def python(code: str) -> subprocess.Popen:
    """A process of its own that runs `code` with tfq importable."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])},
    )


def wait_for_end(pid_fd: int) -> bool:
    return bool(select.select([pid_fd], [], [], 20)[0])


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watching another process's child needs Linux")
@pytest.mark.parametrize("sign", ["SIGINT", "SIGKILL"])
def test_no_child_outlives_its_parent(sign):
    parent = python("""
        import signal
        from test_runtimes import MANY, X, child_for, clipper, run, slow
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which background jobs of a shell ignore
        run("litert", clipper(), [X])
        print(child_for("litert").process.pid, flush=True)
        run("litert", slow(), [MANY])
    """)
    with parent:
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(getattr(signal, sign))
        assert parent.wait(20) != 0
        assert wait_for_end(child)
        os.close(child)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_starts_its_own_child():
    process = python("""
        import os
        from test_runtimes import X, child_for, clipper, run
        run("litert", clipper(), [X])
        first = child_for("litert").process.pid
        forked = os.fork()
        run("litert", clipper(), [X])
        own = child_for("litert").process.pid
        if not forked:
            os._exit(0 if own != first else 1)
        print(os.waitpid(forked, 0)[1], own == first)
    """)
    with process:
        assert process.communicate(timeout=60)[0] == "0 True\n"


def test_stopping_twice_does_no_harm():
    stop_all()
    stop_all()
    assert run("litert", clipper(), [X]).outputs[0].shape == (3, 4)
