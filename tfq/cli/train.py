"""`tfq train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfq.cli.lines import Lines
from tfq.cli.show import show


def train(
    pipeline: Annotated[
        Path, typer.Argument(metavar="PIPELINE", help="The folder: model.py and recipe.toml, as in pipelines/mnist.")
    ],
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The directory of the run. Default: runs/<name of the pipeline>.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="digits (5,000 of MNIST), mnist (a download), pipeline (its load_data), or a .npz with x_train, "
            "y_train, x_test, y_test.",
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again: remove what the run left before.")] = False,
    numerics: Annotated[
        str | None, typer.Option(metavar="NAME", help="The runtime to train for: xnnpack, litert or tflm.")
    ] = None,
    epochs_float: Annotated[int | None, typer.Option(metavar="N", help="Epochs of float training.")] = None,
    epochs_qat: Annotated[int | None, typer.Option(metavar="N", help="Epochs of fine-tuning; 0 for none.")] = None,
    batch_size: Annotated[int | None, typer.Option(metavar="N", help="Samples in a training step.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of weights, order and augmentation.")] = None,
) -> None:
    """Train a pipeline: float, calibration, fine-tuning on the deployed integers, and one table at the end.

    The table has the accuracy in Keras and of the exported integers in tfq's interpreter and in the real runtimes, and
    how many integers differ; leaves with 1 if any do. Options replace what recipe.toml says. Interrupted at any point,
    the same command goes on.

    Example: tfq train pipelines/mnist
    """
    from tfq.train import train as run_pipeline

    fields = {"epochs_float": epochs_float, "epochs_qat": epochs_qat, "batch_size": batch_size, "seed": seed}
    with Lines() as watch:
        outcome = run_pipeline(pipeline, run, train=fields, data=data, numerics=numerics, fresh=fresh, watch=watch)
    show(outcome)
    if not outcome.ok:
        raise typer.Exit(1)
