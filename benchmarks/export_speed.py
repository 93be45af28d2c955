"""Seconds from a float MobileNetV2 to an int8 file: tfq and TFLiteConverter, the same model and images.

    python benchmarks/export_speed.py [--sizes 96,224] [--samples 8] [--rounds 3]

The converter calibrates and writes in one call; tfq's road is quantize, calibrate, export, timed one by one. Each round
runs both, in turn, in one process, the imports done; medians. Random weights and images: speed does not depend on them.
Printed on 2026-11-21 on a busy machine (load 6 on 2 cores):

    tensorflow 2.21.0, keras 3.15.1; 2 cores, x86_64, load 6.0
    images              tool  quantize  calibrate  export   in all             file
    8 x 96               tfq    3.08 s     0.86 s  0.43 s   4.41 s  3,950,432 bytes
    8 x 96   TFLiteConverter                               25.42 s  3,942,616 bytes
    8 x 224              tfq    2.53 s     1.89 s  0.52 s   4.98 s  3,950,432 bytes
    8 x 224  TFLiteConverter                               32.98 s  3,942,808 bytes
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import common
import numpy as np

HEADS = ("images", "tool", "quantize", "calibrate", "export", "in all", "file")


def seconds_of(function: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.perf_counter()
    result = function()
    return result, time.perf_counter() - begin


def tfq_times(model: Any, images: np.ndarray) -> tuple[list[float], bytes]:
    """Seconds of each stage, and the file."""
    import tfq

    quantized, quantize = seconds_of(lambda: tfq.quantize(model))
    _, calibrate = seconds_of(lambda: tfq.calibrate(quantized, images))
    content, export = seconds_of(lambda: tfq.export(quantized))
    return [quantize, calibrate, export], content


def convert(model: Any, images: np.ndarray) -> bytes:
    """TFLiteConverter's full-integer post-training quantization, int8 in and out."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with contextlib.redirect_stdout(io.StringIO()):  # Keras prints the signature
        return converter.convert()


def rows_of(size: int, samples: int, rounds: int) -> list[list[str]]:
    import keras

    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(input_shape=(size, size, 3), weights=None)
    images = np.random.default_rng(0).uniform(-1, 1, (samples, size, size, 3)).astype(np.float32)
    stages, whole = [], []
    for _ in range(rounds):
        made, content = tfq_times(model, images)
        stages.append(made)
        converted, seconds = seconds_of(lambda: convert(model, images))
        whole.append(seconds)
    medians = [f"{statistics.median(column):.2f} s" for column in zip(*stages, strict=True)]
    in_all = statistics.median(map(sum, stages))
    name = f"{samples} x {size}"
    return [
        [name, "tfq", *medians, f"{in_all:.2f} s", f"{len(content):,} bytes"],
        [name, "TFLiteConverter", "", "", "", f"{statistics.median(whole):.2f} s", f"{len(converted):,} bytes"],
    ]


def main() -> None:
    arguments = common.parser(__doc__)
    arguments.add_argument("--sizes", default="96,224", help="of the images, in pixels")
    arguments.add_argument("--samples", type=int, default=8, help="images to calibrate on")
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    common.print_versions("tensorflow", "keras")
    rows = []
    for size in map(int, given.sizes.split(",")):
        rows += rows_of(size, given.samples, given.rounds)
    common.print_table(HEADS, rows)


if __name__ == "__main__":
    sys.exit(main())
