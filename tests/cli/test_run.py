"""`tfq run`: the integers it writes, several inputs and outputs, and what it says of bad input."""

import subprocess
import sys

import numpy as np
import pytest

from tests.cli.calls import LOADED, call, refused
from tests.ops.harness import activation
from tests.parity.models import ADD, network
from tfq.interpreter import Interpreter
from tfq.tflite import Model, Operator, Signature, Subgraph, write

X = np.arange(-96, 96, 2).reshape(3, 4, 4, 2).astype(np.int8)


@pytest.fixture
def files(tmp_path):
    """A folder with model.tflite and its input x.npy, two.tflite (two inputs, two outputs) with a.npy and b.npy."""
    (tmp_path / "model.tflite").write_bytes(network())
    (tmp_path / "two.tflite").write_bytes(two())
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "real.npy", (X.astype(np.float32) - 3) * np.float32(0.05))
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.full((2, 4), ord(name), np.int8))
    return tmp_path


def two() -> bytes:
    tensors = tuple(activation(name, (1, 4)) for name in ("t0", "t1", "t2", "t3"))
    operators = tuple(Operator("ADD", inputs, (out,), ADD, 2) for inputs, out in (((0, 1), 2), ((1, 2), 3)))
    signature = Signature("serving_default", (("a", 0), ("b", 1)), (("sum", 2), ("more", 3)))
    return write(Model((Subgraph(tensors, operators, (0, 1), (2, 3), "main"),), (signature,)))


@pytest.mark.parametrize("numerics", ["xnnpack", "litert", "tflm"])
def test_the_integers(files, capsys, numerics):
    arguments = ["--input", files / "x.npy", "--output", files / "y.npy", "--numerics", numerics]
    code, out, err = call(capsys, "run", files / "model.tflite", *arguments)
    assert (code, err) == (0, "")
    assert out == f"{files / 'y.npy'}: scores: int8 [3, 3], scale 0.3, zero point 4\n"
    expected = Interpreter(network(), numerics=numerics).run(X)[0]
    assert np.array_equal(np.load(files / "y.npy"), expected) and expected.dtype == np.int8


def test_floats_are_quantized_when_asked(files, capsys):
    arguments = ["run", files / "model.tflite", "--input", files / "real.npy", "--output", files / "y.npy"]
    refused(capsys, "input 'image': expected int8, received float32; --quantize quantizes", *arguments)
    assert call(capsys, *arguments, "--quantize")[0] == 0
    assert np.array_equal(np.load(files / "y.npy"), Interpreter(network()).run(X)[0])


def test_several_inputs_and_outputs(files, capsys):
    named = ["--input", f"b={files / 'b.npy'}", "--input", f"a={files / 'a.npy'}"]
    assert call(capsys, "run", files / "two.tflite", *named, "--output", files / "y.npz")[0] == 0
    expected = Interpreter(two()).run({name: np.load(files / f"{name}.npy") for name in "ab"})
    with np.load(files / "y.npz") as found:
        assert np.array_equal(found["sum"], expected[0]) and np.array_equal(found["more"], expected[1])
    np.savez(files / "both.npz", **{name: np.load(files / f"{name}.npy") for name in "ab"})
    assert call(capsys, "run", files / "two.tflite", "--input", files / "both.npz", "--output", files / "z.npz")[0] == 0


def test_bad_input_is_one_line_and_2(files, capsys):
    def bad(message, model="model.tflite", inputs=("x.npy",), output="y.npy", *more):
        given = [part for text in inputs for part in ("--input", text if "=" in text else files / text)]
        refused(capsys, message, "run", files / model, *given, "--output", files / output, *more)

    np.save(files / "flat.npy", X.reshape(3, -1))
    np.save(files / "bytes.npy", X.astype(np.uint8))
    (files / "cut.npy").write_bytes((files / "x.npy").read_bytes()[:150])
    (files / "cut.tflite").write_bytes(network()[:700])
    bad("cannot be opened", model="none.tflite")
    bad("cut.tflite: ", model="cut.tflite")
    bad("none.npy: cannot be read (No such file or directory)", inputs=["none.npy"])
    bad("cut.npy: cannot be read", inputs=["cut.npy"])
    bad("of shape (1, 4, 4, 2) (or B times its first dimension), received int8 of shape (3, 32)", inputs=["flat.npy"])
    bad("expected int8 of shape", inputs=["bytes.npy"])
    bad("expected 2 arrays ('t0', 't1'), received 1", model="two.tflite", output="y.npz")
    bad("nothing for input b; received a, c", "two.tflite", [f"a={files / 'a.npy'}", f"c={files / 'b.npy'}"], "y.npz")
    bad("2 outputs (sum, more) go into a .npz", "two.tflite", [f"a={files / 'a.npy'}", f"b={files / 'b.npy'}"])
    bad("expected NAME=FILE.npy", "two.tflite", ["a.npy", "b.npy"], "y.npz")
    bad("ends in .npy or .npz", output="y.txt")
    bad("No such file or directory", output="no/y.npy")
    bad("xnnpack", "model.tflite", ["x.npy"], "y.npy", "--numerics", "xnpack")


def test_it_loads_neither_tensorflow_nor_keras(files):
    arguments = ["run", str(files / "model.tflite"), "--input", str(files / "x.npy"), "--output", str(files / "y.npy")]
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(arguments=arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
