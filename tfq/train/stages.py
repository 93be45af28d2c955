"""The stages of a run: float training, calibration (post-training quantization), fine-tuning.

Each leaves one file and is skipped where that file is there. Training goes on after the last whole epoch: the order of
the samples, augmentation and dropout depend on seed, stage and epoch only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfq.errors import TfqError
from tfq.train.data import Splits
from tfq.train.pipeline import Pipeline, call
from tfq.train.run_directory import RunDirectory
from tfq.train.watch import Watch

FLOAT, PTQ, QAT = "float", "ptq", "qat"
LAST_RATE = 0.01  # of the first


@dataclass(frozen=True, eq=False)
class Context:
    """What every stage needs. module: the pipeline's, imported."""

    pipeline: Pipeline
    module: Any
    run: RunDirectory
    splits: Splits
    watch: Watch


def run_stages(context: Context, model: Any) -> None:
    """Brings the run to float.keras, ptq.keras and qat.keras. model: fresh from build_model."""
    train_float(context, model)
    calibrate_(context)
    train_qat(context)


def train_float(context: Context, model: Any) -> None:
    """Trains the float network: float.keras."""
    from tfq.qat import fitting

    def start() -> Any:
        fitting.compile_classifier(model)
        return model

    train = context.pipeline.settings.train
    _train(context, FLOAT, start, train.epochs_float, train.learning_rate_float)


def calibrate_(context: Context) -> None:
    """Quantizes and takes ranges from training samples: ptq.keras."""
    from tfq.qat import calibrate, open_model, quantize

    run, train = context.run, context.pipeline.settings.train
    if run.has(f"{PTQ}.keras"):
        return
    samples = context.splits.train.x
    chosen = np.random.default_rng(train.seed).permutation(len(samples))[: train.calibration_samples]
    model = quantize(open_model(run["float.keras"]), context.pipeline.settings.recipe)
    calibrate(model, samples[np.sort(chosen)])
    run.save_stage(PTQ, model)
    context.watch.line(f"{PTQ}: ranges from {len(chosen)} training samples")


def train_qat(context: Context) -> None:
    """Fine-tunes the quantized network: qat.keras."""
    from tfq.qat import fitting, load
    from tfq.qat.callbacks import QuantizationSchedule

    train = context.pipeline.settings.train
    schedule = QuantizationSchedule(
        quantize_from=train.quantize_from,
        freeze_batch_norm_from=max(train.epochs_qat - train.freeze_batch_norm, 0),
        freeze_ranges_from=max(train.epochs_qat - train.freeze_ranges, 0),
    )

    def start() -> Any:
        model = load(context.run[f"{PTQ}.keras"])
        fitting.compile_classifier(model)
        return model

    _train(context, QAT, start, train.epochs_qat, train.learning_rate_qat, [schedule])


def learning_rate(first: float, epoch: int, epochs: int) -> float:
    """Of an epoch counted from 0: along a cosine from `first` to a hundredth of it in the last epoch."""
    part = epoch / max(epochs - 1, 1)
    return first * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * part)))


def _train(
    context: Context, stage: str, start: Callable[[], Any], epochs: int, rate: float, callbacks: Sequence[Any] = ()
) -> None:
    from tfq.qat import open_model

    run = context.run
    if run.has(f"{stage}.keras"):
        return
    done, path = run.checkpoint(stage)
    if path is not None:
        context.watch.line(f"{stage}: goes on after epoch {done} of {epochs}")
    model = start() if path is None else open_model(path)
    for epoch in range(done, epochs):
        row = _epoch(context, stage, model, epoch, epochs, learning_rate(rate, epoch, epochs), callbacks)
        run.add_epoch(row)
        run.save_checkpoint(stage, epoch + 1, model)
        context.watch.line(f"{stage} {epoch + 1}/{epochs}: {_figures(row)}, {row['seconds']:.1f} s")
    run.save_stage(stage, model)


def _epoch(
    context: Context, stage: str, model: Any, epoch: int, epochs: int, rate: float, callbacks: Sequence[Any]
) -> dict[str, Any]:
    from tfq.qat import fitting

    train, begin = context.pipeline.settings.train, time.perf_counter()
    numbers = (train.seed, (FLOAT, QAT).index(stage), epoch)
    random = np.random.default_rng(numbers)
    samples = context.splits.train.take(random.permutation(len(context.splits.train)))
    held = context.splits.validation
    steps = math.ceil(len(samples) / train.batch_size)
    title = f"{stage} {epoch + 1}/{epochs}"
    fitting.seed_layers(model, *numbers)
    figures = fitting.fit_epoch(
        model,
        _augmented(context, samples.x, random),
        samples.y,
        epoch=epoch,
        batch_size=train.batch_size,
        learning_rate=rate,
        validation=(held.x, held.y) if len(held) else None,
        callbacks=callbacks,
        step=lambda done, logs: context.watch.bar(title, done, steps, _figures(logs)),
    )
    if not math.isfinite(figures["loss"]):
        raise TfqError(f"{title}: the loss is {figures['loss']}; lower [train] learning_rate_{stage}, then --fresh")
    seconds = round(time.perf_counter() - begin, 3)
    return {"stage": stage, "epoch": epoch + 1, "learning_rate": rate, **figures, "seconds": seconds}


def _augmented(context: Context, x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    augment = getattr(context.module, "augment", None)
    if augment is None:
        return x
    path = context.pipeline.folder / "model.py"
    made = np.asarray(call(path, "augment", lambda: augment(x, random)), np.float32)
    if made.shape != x.shape:
        raise TfqError(f"{path}: augment must keep the shape {x.shape}, received {made.shape}")
    return made


def _figures(values: dict[str, Any]) -> str:
    percent = {"accuracy": "accuracy", "val_accuracy": "validation"}
    words = [f"loss {values['loss']:.4f}"] if "loss" in values else []
    return ", ".join(words + [f"{word} {values[name]:.2%}" for name, word in percent.items() if name in values])
