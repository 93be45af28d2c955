"""How many of a network's logits differ between Keras's predict and its own converted file, in TFMOT and in tfq.

    python benchmarks/tfmot_parity.py [--epochs 2]

The demo's network, fine-tuned in both tools from the same float weights on the same samples. A logit of Keras, in the
file's own grid, is round(logit / scale) + zero_point; the file's is the int8 input of its softmax, over the 1,000 test
digits. tfq's network is fine-tuned once and opened under the numerics of each runtime. Printed on 2026-11-21:

    tensorflow 2.21.0, keras 3.15.1, ai-edge-litert 2.3.0,
    tensorflow-model-optimization 0.8.1, tf_keras 2.21.0; 2 cores, x86_64, load 6.2
    tool   numerics  float  Keras                   runtime  deployed  logits that differ  share  largest
    TFMOT             97.9   97.6  LiteRT default (XNNPACK)      97.6     4,685 of 10,000  46.9%    6 LSB
    TFMOT             97.9   97.6  LiteRT reference kernels      97.6     4,793 of 10,000  47.9%    6 LSB
    tfq     xnnpack   97.9   97.7  LiteRT default (XNNPACK)      97.7         0 of 10,000   0.0%    0 LSB
    tfq      litert   97.9   97.7  LiteRT reference kernels      97.7         0 of 10,000   0.0%    0 LSB
"""

from __future__ import annotations

import sys
from typing import Any

import common
import numpy as np

RUNTIMES = {"xnnpack": "LiteRT default (XNNPACK)", "litert": "LiteRT reference kernels"}
HEADS = ("tool", "numerics", "float", "Keras", "runtime", "deployed", "logits that differ", "share", "largest")


def row(start: list[str], scores: np.ndarray, logits: np.ndarray, content: bytes, test: Any, runtime: str) -> list[str]:
    """One line of the table."""
    deployed = common.deploy(content, test.x, runtime)
    count, largest = deployed.difference(logits)
    accuracies = [f"{100 * value:.1f}" for value in (common.accuracy(scores, test.y), deployed.accuracy(test.y))]
    counts = [f"{count:,} of {logits.size:,}", f"{count / logits.size:.1%}", f"{largest} LSB"]
    return [*start, accuracies[0], RUNTIMES[runtime], accuracies[1], *counts]


def tfmot_rows(found: common.Digits) -> list[list[str]]:
    peer, test = common.tfmot(found, found.model), found.splits.test
    start = ["TFMOT", "", f"{100 * common.accuracy(peer.float_scores, test.y):.1f}"]
    return [row(start, peer.scores, peer.logits, peer.content, test, runtime) for runtime in RUNTIMES]


def tfq_rows(found: common.Digits) -> list[list[str]]:
    """The network fine-tuned once; its predict under the recipe of each runtime against that runtime."""
    import tfq

    test, train = found.splits.test, found.splits.train
    scores = found.model.predict(test.x, batch_size=256, verbose=0)
    float_accuracy = f"{100 * common.accuracy(scores, test.y):.1f}"
    tuned = tfq.calibrate(tfq.quantize(found.model), train.x[:512])
    common.fine_tune(tuned, found)
    rows = []
    for runtime in RUNTIMES:
        model = tfq.quantize(found.model, tfq.Recipe(numerics=runtime))
        model.set_weights(tuned.get_weights())
        scores = model.predict(test.x, batch_size=256, verbose=0)
        logits = common.reported_logits(model, test.x)
        rows.append(row(["tfq", runtime, float_accuracy], scores, logits, tfq.export(model), test, runtime))
    return rows


def main() -> None:
    arguments = common.parser(__doc__)
    common.add_cache(arguments)
    arguments.add_argument("--epochs", type=int, default=2, help="of fine-tuning, in both tools")
    given = arguments.parse_args()
    common.print_versions("tensorflow", "keras", "ai-edge-litert", "tensorflow-model-optimization", "tf_keras")
    found = common.digits(given.cache, given.epochs)
    common.print_table(HEADS, [*tfmot_rows(found), *tfq_rows(found)])


if __name__ == "__main__":
    sys.exit(main())
