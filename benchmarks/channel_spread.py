"""Accuracy where channels differ widely in range, with and without cross-layer equalization, beside TFMOT.

    python benchmarks/channel_spread.py [--spreads 1,10,100] [--seed 0] [--no-tfmot]

The demo's network on its 1,000 test digits: float, after calibration alone (PTQ), and after one epoch of fine-tuning
from there (QAT); as Keras's predict reports it and as LiteRT's default gives it on the exported file; "differ": logits
that differ between the two. Channels are rescaled along plain ReLU (six layers); those behind ReLU6 stay as they are,
since rescaling them changes the float function. TFMOT, by its defaults, has the same weights, samples and learning
rate; it has no calibration, so its ranges start where it starts them. One seed a row, ten digits a point: differences
under 1 point are noise. Printed on 2026-11-21 (on a busy machine, which moves no accuracy):

    tensorflow 2.21.0, keras 3.15.1, ai-edge-litert 2.3.0,
    tensorflow-model-optimization 0.8.1, tf_keras 2.21.0; 2 cores, x86_64, load 6.0
    spread 1: 6 layers rescaled, float scores differ by 0.0e+00
    spread 10: 6 layers rescaled, float scores differ by 1.4e-06
    spread 100: 6 layers rescaled, float scores differ by 1.5e-06
    spread   tool      weights  equalize  float  PTQ: Keras  LiteRT  differ  QAT: Keras  LiteRT       differ
    1         tfq   per_tensor     never   97.9        98.1    98.1       0        97.8    97.8            0
    1         tfq   per_tensor      auto   97.9        97.7    97.7       0        98.3    98.3            0
    1         tfq  per_channel     never   97.9        98.1    98.1       0        98.2    98.2            0
    1         tfq  per_channel      auto   97.9        98.1    98.1       0        98.2    98.2            0
    1       TFMOT                          97.9                                    97.8    98.0   41%, 5 LSB
    10        tfq   per_tensor     never   97.9        97.7    97.7       0        92.9    92.9            0
    10        tfq   per_tensor      auto   97.9        97.9    97.9       0        98.1    98.1            0
    10        tfq  per_channel     never   97.9        98.1    98.1       0        97.6    97.6            0
    10        tfq  per_channel      auto   97.9        98.0    98.0       0        98.1    98.1            0
    10      TFMOT                          97.9                                    97.0    97.0   48%, 7 LSB
    100       tfq   per_tensor     never   97.9        13.8    13.8       0        14.8    14.8            0
    100       tfq   per_tensor      auto   97.9        97.9    97.9       0        98.1    98.1            0
    100       tfq  per_channel     never   97.9        85.3    85.3       0        82.8    82.8            0
    100       tfq  per_channel      auto   97.9        98.1    98.1       0        98.2    98.2            0
    100     TFMOT                          97.9                                    95.0    95.3  62%, 16 LSB
"""

from __future__ import annotations

import sys
from typing import Any

import common
import numpy as np

EPOCHS = 1  # of fine-tuning
HEADS = (
    "spread",
    "tool",
    "weights",
    "equalize",
    "float",
    "PTQ: Keras",
    "LiteRT",
    "differ",
    "QAT: Keras",
    "LiteRT",
    "differ",
)


def spread(model: Any, ratio: float, seed: int) -> tuple[Any, int]:
    """(the model with channels `ratio` apart and the same float function, how many layers were rescaled).

    Factors are log-uniform over the ratio, both ends included: gamma and beta of a batch norm before a plain ReLU
    times them, the rows of the next kernel divided. Behind ReLU6 channels stay as they are.
    """
    import keras

    random, changed = np.random.default_rng(seed), 0
    model = _copy(model)
    norm, plain = None, False
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            norm = layer
        elif isinstance(layer, keras.layers.ReLU):
            plain = layer.max_value is None
        elif hasattr(layer, "kernel"):
            if norm is not None and plain:
                _rescale(norm, layer, ratio ** _centered(random.permutation(norm.gamma.shape[0]), random))
                changed += 1
            norm, plain = None, False
    return model, changed


def _centered(order: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Uniform numbers in [-0.5, 0.5], one of them at each end."""
    exponents = np.concatenate([[0.0, 1.0], random.random(len(order) - 2)])
    return exponents[order] - 0.5


def _rescale(norm: Any, layer: Any, factors: np.ndarray) -> None:
    gamma, beta, *statistics = norm.get_weights()
    norm.set_weights([gamma * factors, beta * factors, *statistics])
    kernel, *bias = layer.get_weights()
    layer.set_weights([kernel / factors[:, None], *bias])


def _copy(model: Any) -> Any:
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def tfq_row(model: Any, found: common.Digits, weights: str, equalize: str) -> list[str]:
    """PTQ and QAT: accuracy as Keras reports it, as LiteRT's default has it, logits that differ."""
    import tfq

    model = tfq.quantize(model, tfq.Recipe(weights=weights, equalize=equalize))
    tfq.calibrate(model, found.splits.train.x[:: len(found.splits.train) // 512])
    cells = []
    for tune in (False, True):
        if tune:
            common.fine_tune(model, found)
        scores = model.predict(found.splits.test.x, batch_size=256, verbose=0)
        logits = common.reported_logits(model, found.splits.test.x)
        cells += _cells(scores, logits, tfq.export(model), found.splits.test)
    return cells


def _cells(scores: np.ndarray, logits: np.ndarray, content: bytes, test: Any) -> list[str]:
    deployed = common.deploy(content, test.x)
    count, largest = deployed.difference(logits)
    share = f"{count / logits.size:.0%}, {largest} LSB" if count else "0"
    return [_percent(common.accuracy(scores, test.y)), _percent(deployed.accuracy(test.y)), share]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def rows_of(found: common.Digits, ratio: float, seed: int, with_tfmot: bool) -> list[list[str]]:
    model, changed = spread(found.model, ratio, seed)
    test = found.splits.test
    scores = model.predict(test.x, batch_size=256, verbose=0)
    before = found.model.predict(test.x, batch_size=256, verbose=0)
    print(f"spread {ratio:g}: {changed} layers rescaled, float scores differ by {np.abs(scores - before).max():.1e}")
    start, rows = [f"{ratio:g}"], []
    accuracy = _percent(common.accuracy(scores, test.y))
    for weights in ("per_tensor", "per_channel"):
        for equalize in ("never", "auto"):
            rows.append([*start, "tfq", weights, equalize, accuracy, *tfq_row(model, found, weights, equalize)])
    if with_tfmot:
        peer = common.tfmot(found, model)
        cells = _cells(peer.scores, peer.logits, peer.content, test)
        rows.append([*start, "TFMOT", "", "", _percent(common.accuracy(peer.float_scores, test.y)), "", "", "", *cells])
    return rows


def main() -> None:
    arguments = common.parser(__doc__)
    common.add_cache(arguments)
    arguments.add_argument("--spreads", default="1,10,100", help="ratios of the widest channel to the narrowest")
    arguments.add_argument("--seed", type=int, default=0, help="of the factors")
    arguments.add_argument("--no-tfmot", action="store_true", help="leave the peer out")
    given = arguments.parse_args()
    common.print_versions("tensorflow", "keras", "ai-edge-litert", "tensorflow-model-optimization", "tf_keras")
    found = common.digits(given.cache, EPOCHS)
    rows = []
    for ratio in map(float, given.spreads.split(",")):
        rows += rows_of(found, ratio, given.seed, not given.no_tfmot)
    common.print_table(HEADS, rows)


if __name__ == "__main__":
    sys.exit(main())
