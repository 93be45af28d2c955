"""What several benchmarks share: the demo's network and digits, the TFMOT peer, files that also give their logits."""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
PIPELINE = HERE.parent / "pipelines" / "mnist"
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SAMPLE = (28, 28, 1)
CLASSES = 10


def parser(doc: str) -> argparse.ArgumentParser:
    """A parser whose --help is the script's docstring. TensorFlow's hints on tracing are not shown."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_cache(arguments: argparse.ArgumentParser) -> None:
    """--cache, where the trained float network is kept."""
    default = Path(tempfile.gettempdir()) / "tfq-benchmarks"
    arguments.add_argument("--cache", type=Path, default=default, help="folder of the trained float network")


def print_versions(*packages: str) -> None:
    """One line: versions, and the class of machine."""
    found = [f"{package} {_version(package)}" for package in packages]
    print(
        f"{', '.join(found)}; {os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}", flush=True
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need; all but the first to the right."""
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        cells = [cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip(), flush=True)


# The demo's network.
@dataclass(frozen=True, eq=False)
class Digits:
    """model: float, trained. splits: of the 5,000 digits. epochs: of fine-tuning as (x, y), the same for every tool."""

    model: Any
    splits: Any
    epochs: list[tuple[np.ndarray, np.ndarray]]
    rate: float
    batch_size: int


def digits(cache: Path, epochs: int) -> Digits:
    """The demo's network, trained as `tfq train pipelines/mnist` does, once for each state of pipelines/mnist."""
    import keras

    from tfq.train.data import prepare
    from tfq.train.pipeline import Pipeline

    pipeline = Pipeline.load(PIPELINE)
    module, train = pipeline.module(), pipeline.settings.train
    splits = prepare(pipeline.settings.data, SAMPLE, CLASSES)
    key = hashlib.sha256(f"{pipeline.digest} {pipeline.settings} {splits.digest}".encode()).hexdigest()[:12]
    path = cache / f"digits-{key}.keras"
    if not path.exists():
        keras.utils.set_random_seed(train.seed)
        model = module.build_model()
        _train(model, module, splits, train)
        cache.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{os.getpid()}-{path.name}")
        model.save(temporary)
        os.replace(temporary, path)
    tuning = [_epoch(module, splits.train, (train.seed, 1, epoch)) for epoch in range(epochs)]
    return Digits(keras.saving.load_model(path), splits, tuning, train.learning_rate_qat, train.batch_size)


def _train(model: Any, module: Any, splits: Any, train: Any) -> None:
    import keras

    from tfq.train.stages import learning_rate

    print(f"training the float network, {train.epochs_float} epochs", flush=True)
    model.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
    for epoch in range(train.epochs_float):
        model.optimizer.learning_rate = learning_rate(train.learning_rate_float, epoch, train.epochs_float)
        x, y = _epoch(module, splits.train, (train.seed, 0, epoch))
        model.fit(x, y, batch_size=train.batch_size, shuffle=False, verbose=0)


def _epoch(module: Any, samples: Any, seed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The training samples in an epoch's order, augmented."""
    random = np.random.default_rng(seed)
    shuffled = samples.take(random.permutation(len(samples)))
    return module.augment(shuffled.x, random), shuffled.y


def fine_tune(model: Any, found: Digits, schedule: Sequence[Any] = ()) -> Any:
    """The quantized model, trained on the epochs of `found` at a constant rate."""
    import keras

    keras.utils.set_random_seed(0)
    model.compile(optimizer=keras.optimizers.Adam(found.rate), loss="sparse_categorical_crossentropy")
    for epoch, (x, y) in enumerate(found.epochs):
        model.fit(
            x,
            y,
            batch_size=found.batch_size,
            shuffle=False,
            initial_epoch=epoch,
            epochs=epoch + 1,
            callbacks=list(schedule),
            verbose=0,
        )
    return model


# Files.
def with_logits(content: bytes) -> bytes:
    """The file with the input of its last softmax as a second output."""
    from tfq.tflite import read, write

    model = read(content)
    softmax = next(operator for operator in reversed(model.main.operators) if operator.code == "SOFTMAX")
    graph = replace(model.main, outputs=(*model.main.outputs, softmax.inputs[0]))
    return write(replace(model, subgraphs=(graph, *model.subgraphs[1:]), signatures=()))


@dataclass(frozen=True, eq=False)
class Deployed:
    """What a runtime makes of a file with a softmax at its end. outputs, logits: integers [N, classes]."""

    outputs: np.ndarray
    logits: np.ndarray
    scale: np.float32
    zero_point: int

    def accuracy(self, y: np.ndarray) -> float:
        return accuracy(self.outputs, y)

    def difference(self, reported: np.ndarray) -> tuple[int, int]:
        """(how many logits differ from those reported, the largest difference); reported: real, on the file's grid."""
        codes = np.clip(np.rint(reported / self.scale) + self.zero_point, -128, 127)
        apart = np.abs(codes - self.logits)
        return int(np.count_nonzero(apart)), int(apart.max())


def deploy(content: bytes, x: np.ndarray, runtime: str = "xnnpack") -> Deployed:
    """The file's integers in a real runtime: "xnnpack" (LiteRT's default) or "litert" (its reference kernels)."""
    from tfq import runtimes
    from tfq.parity.data import stored_inputs
    from tfq.tflite import read

    more = with_logits(content)
    model = read(more)
    stored = stored_inputs(x, model).stored
    outputs, *_ = runtimes.run(runtime, content, stored, timeout=600).outputs
    again, logits = runtimes.run(runtime, more, stored, timeout=600).outputs
    if not np.array_equal(outputs, again):
        sys.exit(f"{runtime}: the outputs change when the logits are read as well, so the logits prove nothing")
    grid = model.main.tensors[model.main.outputs[1]].quantization
    return Deployed(outputs.astype(int), logits.astype(int), np.float32(grid.scale[0]), int(grid.zero_point[0]))


def reported_logits(model: Any, x: np.ndarray) -> np.ndarray:
    """The softmax's input as Keras's predict has it, in reals."""
    import keras

    return keras.Model(model.inputs, model.layers[-1].input).predict(x, batch_size=256, verbose=0)


def accuracy(scores: np.ndarray, y: np.ndarray) -> float:
    """The share of samples whose first largest score is at their class."""
    return float(np.mean(np.argmax(scores, -1) == y))


# The peer: TFMOT wants Keras 2, so it works in a process of its own.
@dataclass(frozen=True, eq=False)
class Peer:
    """TFMOT's network (.h5) after fine-tuning, its file, and what Keras 2's predict reports on the test split."""

    network: bytes
    content: bytes
    scores: np.ndarray
    logits: np.ndarray
    float_scores: np.ndarray


def tfmot(found: Digits, model: Any) -> Peer:
    """TFMOT's quantize_model on a float Keras 3 model's weights, fine-tuned on the same samples, and converted."""
    weights = {f"weights/{i}/{name}": w for name, values in layer_weights(model).items() for i, w in enumerate(values)}
    epochs = {f"{name}/{i}": a for i, pair in enumerate(found.epochs) for name, a in zip("xy", pair, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        given, made, network = (Path(folder) / name for name in ("given.npz", "made.npz", "network.h5"))
        np.savez(given, **weights, **epochs, x_test=found.splits.test.x, rate=found.rate, batch_size=found.batch_size)
        command = [sys.executable, str(HERE / "peer.py"), str(PIPELINE / "model.py"), *map(str, (given, made, network))]
        environment = os.environ | {"TF_USE_LEGACY_KERAS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr[-2000:]}\nTFMOT failed; it needs the extra: pip install 'tfq[bench]'")
        with np.load(made) as arrays:
            results = [arrays[name] for name in ("scores", "logits", "float_scores")]
            return Peer(network.read_bytes(), arrays["content"].tobytes(), *results)


def layer_weights(model: Any) -> Mapping[str, list[np.ndarray]]:
    """A model's weights by the names of its layers, in each layer's order."""
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
