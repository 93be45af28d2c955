"""A network that TFMOT quantized and trained: its own conversion beside tfq.from_tfmot of the same network.

    python benchmarks/tfmot_takeover.py [--epochs 2]

The demo's network, fine-tuned in TFMOT for as many epochs as asked. Accuracy on the 1,000 test digits: as TFMOT's Keras
reports it, as its file gives it (TFLiteConverter), and of tfq's export of the same network, taken over without data and
without training; "as TFMOT's Keras": the share of digits to which the file gives TFMOT's class.

Printed on 2026-11-21:

    tensorflow 2.21.0, keras 3.15.1, ai-edge-litert 2.3.0,
    tensorflow-model-optimization 0.8.1, tf_keras 2.21.0; 2 cores, x86_64, load 9.4
    tool                                     runtime  float  Keras  deployed  as TFMOT's Keras   bytes
    TFMOT, TFLiteConverter  LiteRT default (XNNPACK)   97.9   97.6      97.6            100.0%  23,968
    tfq.from_tfmot          LiteRT default (XNNPACK)   97.9   97.8      97.8             99.5%  21,696
    TFMOT, TFLiteConverter  LiteRT reference kernels   97.9   97.6      97.6            100.0%  23,968
    tfq.from_tfmot          LiteRT reference kernels   97.9   97.9      97.9             99.6%  21,696
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import common
import numpy as np

RUNTIMES = {"xnnpack": "LiteRT default (XNNPACK)", "litert": "LiteRT reference kernels"}
HEADS = ("tool", "runtime", "float", "Keras", "deployed", "as TFMOT's Keras", "bytes")


def taken_over(network: bytes, runtime: str) -> Any:
    """TFMOT's network as a tfq model that follows a runtime."""
    import tfq

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.h5"
        path.write_bytes(network)
        return tfq.from_tfmot(path, tfq.Recipe(numerics=runtime))


def main() -> None:
    arguments = common.parser(__doc__)
    common.add_cache(arguments)
    arguments.add_argument("--epochs", type=int, default=2, help="of fine-tuning in TFMOT")
    given = arguments.parse_args()
    common.print_versions("tensorflow", "keras", "ai-edge-litert", "tensorflow-model-optimization", "tf_keras")
    import tfq

    found = common.digits(given.cache, given.epochs)
    peer, test = common.tfmot(found, found.model), found.splits.test
    start = f"{100 * common.accuracy(peer.float_scores, test.y):.1f}"
    rows = []
    for runtime, title in RUNTIMES.items():
        model = taken_over(peer.network, runtime)
        scores = model.predict(test.x, batch_size=256, verbose=0)
        tools = {"TFMOT, TFLiteConverter": (peer.scores, peer.content), "tfq.from_tfmot": (scores, tfq.export(model))}
        for tool, (reported, content) in tools.items():
            outputs = common.deploy(content, test.x, runtime).outputs
            same = np.mean(np.argmax(outputs, -1) == np.argmax(peer.scores, -1))
            accuracies = [f"{100 * common.accuracy(values, test.y):.1f}" for values in (reported, outputs)]
            rows.append([tool, title, start, *accuracies, f"{same:.1%}", f"{len(content):,}"])
    common.print_table(HEADS, rows)


if __name__ == "__main__":
    sys.exit(main())
