"""Accuracy and size by the widths of weights and activations.

    python benchmarks/widths.py [--epochs 2]

The demo's network on its 1,000 test digits: after calibration alone (PTQ) and after fine-tuning from there (QAT), as
Keras's predict reports it and as LiteRT's default gives it on the exported file; "differ": outputs of the file that
differ between the two, of 10,000. "but the ends": weights of 8 bits in the first layer and the last. Weights of 4 bits
take half a byte in CONV_2D and FULLY_CONNECTED with 8-bit activations, a byte elsewhere. One training a row:
differences under 1 point are noise. Printed on 2026-11-21 (on a busy machine, which moves no accuracy):

    tensorflow 2.21.0, keras 3.15.1, ai-edge-litert 2.3.0; 2 cores, x86_64, load 18.1
    widths             float  PTQ: Keras  LiteRT  differ  QAT: Keras  LiteRT  differ   KiB
    W8A8                97.9        98.1    98.1       0        97.9    97.9       0  21.2
    W8A16               97.9        97.9    97.9       0        98.0    98.0       0  22.4
    W4A8                97.9        96.5    96.5       0        97.0    97.0       0  17.6
    W4A8 but the ends   97.9        97.4    97.4       0        97.6    97.6       0  18.0
    W4A8, per tensor    97.9        94.0    94.0       0        95.8    95.8       0  10.7
    W4A16               97.9        96.3    96.3       0        96.2    96.2       0  22.4
"""

from __future__ import annotations

import sys
from typing import Any

import common
import numpy as np

ENDS = [{"layers": name, "weight_bits": 8} for name in ("conv", "logits")]
WIDTHS: dict[str, dict[str, Any]] = {
    "W8A8": {},
    "W8A16": {"activation_bits": 16},
    "W4A8": {"weight_bits": 4},
    "W4A8 but the ends": {"weight_bits": 4, "rules": ENDS},
    "W4A8, per tensor": {"weight_bits": 4, "weights": "per_tensor"},
    "W4A16": {"weight_bits": 4, "activation_bits": 16},
}
HEADS = ("widths", "float", "PTQ: Keras", "LiteRT", "differ", "QAT: Keras", "LiteRT", "differ", "KiB")


def row_of(name: str, found: common.Digits, float_accuracy: str) -> list[str]:
    """PTQ and QAT: accuracy in Keras and in LiteRT, outputs that differ; the file's size."""
    import tfq

    model = tfq.quantize(found.model, tfq.Recipe(**WIDTHS[name]))
    tfq.calibrate(model, found.splits.train.x[:: len(found.splits.train) // 512])
    cells, size = [name, float_accuracy], 0
    for tune in (False, True):
        if tune:
            common.fine_tune(model, found)
        content = tfq.export(model)
        cells += _cells(model, content, found.splits.test)
        size = len(content)
    return [*cells, f"{size / 1024:.1f}"]


def _cells(model: Any, content: bytes, test: Any) -> list[str]:
    from tfq import runtimes
    from tfq.parity.data import stored_inputs
    from tfq.tflite import read

    file = read(content)
    (deployed,) = runtimes.run("xnnpack", content, stored_inputs(test.x, file).stored, timeout=600).outputs
    scores = model.predict(test.x, batch_size=256, verbose=0)
    grid = file.main.tensors[file.main.outputs[0]].quantization
    codes = np.rint(scores / np.float32(grid.scale[0])) + int(grid.zero_point[0])
    accuracies = [common.accuracy(outputs, test.y) for outputs in (scores, deployed)]
    return [*(f"{100 * value:.1f}" for value in accuracies), str(int(np.count_nonzero(codes != deployed)))]


def main() -> None:
    arguments = common.parser(__doc__)
    common.add_cache(arguments)
    arguments.add_argument("--epochs", type=int, default=2, help="of fine-tuning")
    arguments.add_argument("--only", default="", help="one of the rows")
    given = arguments.parse_args()
    common.print_versions("tensorflow", "keras", "ai-edge-litert")
    found = common.digits(given.cache, given.epochs)
    scores = found.model.predict(found.splits.test.x, batch_size=256, verbose=0)
    exact = f"{100 * common.accuracy(scores, found.splits.test.y):.1f}"
    rows = [row_of(name, found, exact) for name in WIDTHS if not given.only or name == given.only]
    common.print_table(HEADS, rows)


if __name__ == "__main__":
    sys.exit(main())
