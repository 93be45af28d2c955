"""Milliseconds of a training step, float and quantization-aware, in tfq and in TFMOT.

    python benchmarks/training_cost.py [--rounds 12] [--only digits|resnet8]

Each tool trains the same two networks on the same random data in a process that stays (tfq on Keras 3, TFMOT on
Keras 2); in each round every mode of both runs a few steps of `fit`, in turn, so that load falls on all alike. A step
lasts from the end of one batch to the end of the next; medians over all rounds. Modes: "QAT": batch norm learns;
"scheduled": the same in a graph that a schedule can switch; "frozen": the schedule has frozen batch norm.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import common
import numpy as np

# Input, batch size, steps a round.
NETS = {"digits": ((28, 28, 1), 64, 30), "resnet8": ((32, 32, 3), 32, 12)}
MODES = {"tfq": ("float", "QAT", "scheduled", "frozen"), "TFMOT": ("float", "QAT")}
ENVIRONMENTS = {"tfq": {"KERAS_BACKEND": "tensorflow"}, "TFMOT": {"TF_USE_LEGACY_KERAS": "1"}}
HEADS = ("network", "tool", "mode", "ms a step", "quartiles", "of its float", "of Keras 3's float")


def resnet8(keras: Any) -> Any:
    """ResNet8 at CIFAR size (MLPerf Tiny's image classification)."""
    layers = keras.layers

    def normalized(x: Any, filters: int, size: int, stride: int) -> Any:
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    images = keras.Input(NETS["resnet8"][0])
    x = layers.ReLU()(normalized(images, 16, 3, 1))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        y = layers.ReLU()(normalized(x, filters, 3, stride))
        y = normalized(y, filters, 3, 1)
        if stride > 1:
            x = layers.Conv2D(filters, 1, strides=stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, layers.Softmax()(x))


# A tool's process: reads "network mode", answers the milliseconds of its steps.
def work(tool: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print
    trained: dict[str, Any] = {}
    for line in sys.stdin:
        if line not in trained:
            trained[line] = _prepared(tool, *line.split())
        print(json.dumps(trained[line]()), file=answers, flush=True)


def _prepared(tool: str, net: str, mode: str) -> Any:
    """A function that trains a round's steps and gives their milliseconds; traced and warm."""
    if tool == "TFMOT":
        import tf_keras as keras
    else:
        import keras
    import peer

    keras.utils.set_random_seed(0)
    model = resnet8(keras) if net == "resnet8" else peer.build(str(common.PIPELINE / "model.py"), keras)
    model = _in_mode(tool, model, mode)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    shape, batch_size, steps = NETS[net]
    random = np.random.default_rng(0)
    x = random.random((batch_size * steps, *shape), np.float32)
    y = random.integers(0, 10, len(x))

    class Ends(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            ends.append(time.perf_counter())

    ends: list[float] = []

    def train() -> list[float]:
        ends.clear()
        model.fit(x, y, batch_size=batch_size, shuffle=False, verbose=0, callbacks=[Ends()])
        return [1e3 * (after - before) for before, after in zip(ends, ends[1:], strict=False)]

    train()
    return train


def _in_mode(tool: str, model: Any, mode: str) -> Any:
    if mode == "float":
        return model
    if tool == "TFMOT":
        from tensorflow_model_optimization.quantization.keras import quantize_model

        return quantize_model(model)
    import tfq

    model = tfq.quantize(model)
    if mode != "QAT":
        tfq.callbacks.set_control(model, batch_statistics=mode == "scheduled")
    return model


# The parent.
def measure(tools: dict[str, subprocess.Popen], net: str, rounds: int) -> dict[tuple[str, str], list[float]]:
    """Milliseconds of every step, by tool and mode."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for tool, process in tools.items():
            for mode in MODES[tool]:
                print(net, mode, file=process.stdin, flush=True)
                answer = process.stdout.readline()
                if not answer:
                    sys.exit(f"{tool} failed at {net}, {mode}; its message is above")
                found.setdefault((tool, mode), []).extend(json.loads(answer))
    return found


def rows_of(net: str, found: dict[tuple[str, str], list[float]]) -> list[list[str]]:
    rows = []
    for (tool, mode), times in found.items():
        low, middle, high = statistics.quantiles(times, n=4)
        ratios = [f"{middle / statistics.median(found[base, 'float']):.2f}" for base in (tool, "tfq")]
        rows.append([net, tool, mode, f"{middle:.2f}", f"{low:.2f} to {high:.2f}", *ratios])
    return rows


def main() -> None:
    arguments = common.parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=12)
    arguments.add_argument("--only", choices=tuple(NETS))
    arguments.add_argument("--no-tfmot", action="store_true", help="leave the peer out")
    arguments.add_argument("--worker", choices=tuple(MODES), help="used by the script itself")
    given = arguments.parse_args()
    if given.worker:
        return work(given.worker)
    common.print_versions("tensorflow", "keras", "tensorflow-model-optimization", "tf_keras")
    base, tools = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}, {}
    for tool in list(MODES)[: 1 if given.no_tfmot else None]:
        command = [sys.executable, str(Path(__file__).resolve()), "--worker", tool]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        tools[tool] = subprocess.Popen(command, env=base | ENVIRONMENTS[tool], **pipes)
    rows = []
    for net in [given.only] if given.only else NETS:
        rows += rows_of(net, measure(tools, net, given.rounds))
    for process in tools.values():
        process.stdin.close()
        process.wait()
    common.print_table(HEADS, rows)


if __name__ == "__main__":
    sys.exit(main())
