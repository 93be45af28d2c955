"""How many integers differ: Keras's predict and tfq's interpreter against the real runtimes, over a whole test set.

    python benchmarks/exactness.py runs/mnist

Compared at the logits (the int8 input of SOFTMAX) and at the output. Keras runs in a process of its own each time: as
it is, jit-compiled, under mixed_bfloat16, and on JAX (with the very `.keras` that TensorFlow saved).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

MODES = {
    "Keras predict": {},
    "Keras predict, jit_compile": {},
    "Keras predict, mixed_bfloat16": {},
    "Keras predict, JAX": {"KERAS_BACKEND": "jax"},
}
INTERPRETERS = {"xnnpack": "LiteRT's default (XNNPACK)", "litert": "LiteRT's reference kernels", "tflm": "TFLite Micro"}


def worker(mode: str, keras_file: str, data: str, out: str) -> None:
    """Loads the model in this fresh process, predicts every tensor, keeps the stored integers of two."""
    import keras

    if "bfloat16" in mode:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    import tfq
    from tfq.qat.lower import tensor_model

    model = tfq.load(keras_file)
    logits, output = softmax_tensors(tfq.export(model))
    probe, grids = tensor_model(model)
    probe.compile(jit_compile="jit" in mode)
    reals = probe.predict(np.load(data), batch_size=100, verbose=0)
    stored = {n: np.rint(reals[n] / grids[n].scale) + grids[n].zero_point for n in (logits, output)}
    np.savez(out, logits=stored[logits], output=stored[output])


def softmax_tensors(file: bytes) -> tuple[str, str]:
    """Names of the tensors before and behind the file's SOFTMAX."""
    from tfq.tflite import read

    graph = read(file).main
    (op,) = [op for op in graph.operators if op.code == "SOFTMAX"]
    return graph.tensors[op.inputs[0]].name, graph.tensors[op.outputs[0]].name


def keras_integers(mode: str, keras_file: Path, x: np.ndarray) -> dict[str, np.ndarray]:
    """The worker's two tensors."""
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder, "x.npy"), Path(folder, "out.npz")
        np.save(data, x)
        command = [sys.executable, __file__, "--worker", mode, str(keras_file), str(data), str(out)]
        subprocess.run(command, check=True, env={**os.environ, **MODES[mode]}, stderr=subprocess.DEVNULL)
        with np.load(out) as found:
            return dict(found)


def runtime_integers(name: str, file: bytes, q: np.ndarray) -> dict[str, np.ndarray]:
    """The same two tensors from a real runtime."""
    from tfq.runtimes import run
    from tfq.tflite import read

    tensors = read(file).main.tensors
    index = {tensor.name: k for k, tensor in enumerate(tensors)}
    result = run(name, file, [q], all_tensors=True)
    found = [result.tensors[index[n]].astype(np.int64) for n in softmax_tensors(file)]
    return {"logits": found[0], "output": found[1]}


def interpreter_integers(name: str, file: bytes, q: np.ndarray) -> dict[str, np.ndarray]:
    """The same two tensors from tfq's interpreter under the profile of that name."""
    import tfq

    interpreter = tfq.Interpreter(file, numerics=name)
    names = softmax_tensors(file)
    found = {}
    for _, tensor, array in interpreter.trace(q):
        label = interpreter.model.main.tensors[tensor].name
        if label in names:
            found["logits" if label == names[0] else "output"] = np.asarray(array, np.int64)
    return found


def show(what: str, against: str, mine: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    """One line of the table."""
    cells = []
    for name in ("logits", "output"):
        gap = np.abs(mine[name].astype(np.int64).reshape(theirs[name].shape) - theirs[name])
        cells.append(f"{np.count_nonzero(gap):6d} of {gap.size} (max {gap.max()})")
    print(f"{what:42s} {against:28s} {cells[0]:>26s} {cells[1]:>26s}", flush=True)


def quantized_input(file: bytes, x: np.ndarray) -> np.ndarray:
    """x as the file's int8 input, by the rule of Keras's side: times the reciprocal, halves to even."""
    from tfq.tflite import read

    graph = read(file).main
    affine = graph.tensors[graph.inputs[0]].quantization
    q = np.rint(x / affine.scale[0]) + affine.zero_point[0]
    return np.clip(q, -128, 127).astype(np.int8)


def compare_model(title: str, keras_file: Path, x: np.ndarray, modes: list[str], numerics: str) -> None:
    """Keras in each mode against the runtime of its numerics; for the deployed file, the interpreter as well."""
    import tfq

    print(f"\n{title}: {len(x)} samples\n{'':42s} {'against':28s} {'logits':>26s} {'output':>26s}")
    file = tfq.export(tfq.load(keras_file))
    q = quantized_input(file, x)
    real = {name: runtime_integers(name, file, q) for name in INTERPRETERS}
    for mode in modes:
        show(mode, INTERPRETERS[numerics], keras_integers(mode, keras_file, x), real[numerics])
    for name, label in INTERPRETERS.items():
        show(f"tfq.Interpreter, {name}", label, interpreter_integers(name, file, q), real[name])
    show("(the runtimes among themselves: reference)", INTERPRETERS["xnnpack"], real["litert"], real["xnnpack"])


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", default="runs/mnist")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(*args.worker)
    import keras

    import tfq
    from tfq.train.run_directory import resolve

    files = resolve(args.run)
    x, _ = files.run.read_test()
    run = Path(files.run.path)
    compare_model("QAT (qat.keras)", run / "qat.keras", x, list(MODES), "xnnpack")
    compare_model("PTQ, without fit (ptq.keras)", run / "ptq.keras", x, ["Keras predict"], "xnnpack")
    model = keras.models.load_model(run / "float.keras", compile=False)
    for numerics in ("tflm", "litert"):
        quantized = tfq.calibrate(tfq.quantize(model, tfq.Recipe(numerics=numerics)), x[:500])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"{numerics}.keras")
            quantized.save(path)
            compare_model(f'recipe numerics = "{numerics}"', path, x, ["Keras predict", "Keras predict, JAX"], numerics)
    return None


if __name__ == "__main__":
    main()
